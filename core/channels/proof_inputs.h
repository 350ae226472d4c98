// SPDX-License-Identifier: GPL-3.0-or-later
// The inputs a cut model is tried on.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/script/input_spec.h"

namespace espalier::channels {

struct ProofInputs {
    std::string name;  ///< for people: "Batch size 2"; of several of one name one is enough
    std::vector<script::InputSpec> specs;
    bool isGiven = false;  ///< the example itself, which the model must take

    bool operator==(const ProofInputs&) const = default;
};

/// The example, the example with another batch size (2; 1 where the example has more), and with
/// other sizes: images and volumes 32 larger (4 where 32 does not divide them), sequences longer,
/// those of features along either axis.
std::vector<ProofInputs> proofInputs(std::span<const script::InputSpec> given);

}  // namespace espalier::channels
