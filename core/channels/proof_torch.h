// SPDX-License-Identifier: GPL-3.0-or-later
// The proof that a cut model computes what its masked twin computes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <torch/csrc/jit/api/module.h>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/channels/shrink.h"
#include "core/channels/trace_torch.h"
#include "core/script/input_spec.h"
#include "core/script/interpreter_torch.h"

namespace espalier::channels {

/// What is compared.
struct Claim {
    const script::Program* original = nullptr;
    const script::Program* twin = nullptr;       ///< original shapes, zeros
    const script::Program* cut = nullptr;        ///< what `module` runs
    const torch::jit::Module* module = nullptr;  ///< the cut model with its methods; null: left out
    std::vector<script::InputSpec> inputs;
    bool alreadyZero = false;  ///< nothing but zeros was removed
};

/// Runs all three on the same random inputs: as given, with another batch size, and with another
/// size where the original takes it. The outputs must agree within the tolerance of their type, be
/// finite. Outputs that do not depend on the input, or a twin that is like the original although
/// not all that was removed was zero, make the proof vacuous. A model that misses the tolerance in
/// float32 is compared in float64, where it runs in that. Then forward of original and cut model is
/// run by PyTorch itself. Fills everything of Proof but `exact` and `compensated`. Errors: Failed,
/// saying where and by how much; Cancelled.
Result<Proof> prove(const Claim& claim, RunControl& control);

/// For people: the branches of `graph` in which no step of the trace ran. Branches that only raise
/// an exception, and those that constants and attributes decide, are not counted.
std::vector<std::string> branchesThatNeverRan(const torch::jit::Graph& graph, const Trace& trace);

/// For people: the branches and loops that ran whose way depends on what tensors hold, so that
/// other data may take another one.
std::vector<std::string> decidedByData(const torch::jit::Graph& graph, const Trace& trace);

}  // namespace espalier::channels
