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

struct Proved {
    Proof proof;
    /// The outputs do not depend on the input, or not on what was removed: they agree, but that
    /// says little. `proof.unproved` tells.
    bool isVacuous = false;
};

/// Runs all three on the same random inputs: as given, with another batch size, and with another
/// size where the original takes it. The outputs must agree within the tolerance of their type, be
/// finite, depend on the input; and the twin must differ from the original, unless all that was
/// removed was zero. A model that misses the tolerance in float32 is compared in float64, where it
/// runs in that. Fills everything of Proof but `exact`. Errors: Failed, saying where and by how
/// much; Cancelled.
Result<Proved> prove(const Claim& claim, RunControl& control);

/// For people: the branches of `graph` in which no step of the trace ran. Branches that only raise
/// an exception are not counted.
std::vector<std::string> branchesThatNeverRan(const torch::jit::Graph& graph, const Trace& trace);

}  // namespace espalier::channels
