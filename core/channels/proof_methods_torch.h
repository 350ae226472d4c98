// SPDX-License-Identifier: GPL-3.0-or-later
// That PyTorch runs a cut model as its proof did.
#pragma once

#include "core/channels/proof_numbers_torch.h"
#include "core/channels/proof_torch.h"

namespace espalier::channels {

Error notProved(const std::string& why);

/// What a program gives, node by node, in the caller's grad mode. Recurrent operators with inputs
/// that their weights do not fit fail. Errors: those of script::runObserved.
Result<Tensors> observedOutputs(const script::Program& program, std::vector<c10::IValue> inputs,
                                RunControl& control);

/// For people: "1x3x32x32 and 1x10".
std::string describe(std::span<const script::InputSpec> specs);

/// The proof runs graphs node by node. A user of the file calls forward, and PyTorch optimises what
/// it runs: that must give the same, with gradients and without.
struct MethodCheck {
    const Claim& claim;
    RunControl& control;
    double tolerance = 0;
    const std::vector<std::vector<script::InputSpec>>& taken;  ///< the given inputs first

    /// Lines for Proof::unproved. Errors: Failed; Cancelled.
    Result<std::vector<std::string>> run() const;
};

}  // namespace espalier::channels
