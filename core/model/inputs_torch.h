// SPDX-License-Identifier: GPL-3.0-or-later
// What forward wants to be called with: checked when a person says it, guessed from the graph when
// not.
#pragma once

#include <string>
#include <vector>

#include "core/script/interpreter_torch.h"

namespace espalier::model {

/// One argument of forward that an example is made for.
struct ForwardArgument {
    std::string name;
    const torch::jit::Value* value = nullptr;  ///< in the program's graph
    bool isList = false;                       ///< a list of tensors
};

/// The tensor arguments that must be given: those without a default, in order.
/// Errors: Unsupported when one of them is no tensor and no list of tensors (a dict, a tuple, a
/// number).
Result<std::vector<ForwardArgument>> requiredArguments(const script::Program& program);

/// Errors: BadArgument, naming the argument, when `inputs` are too few, too many or of the wrong
/// kind for forward.
Result<void> checkInputs(const script::Program& program, std::span<const script::InputSpec> inputs);

/// Examples worth trying, the likeliest first: each a spec per required argument.
///
/// Read from the graph: the first convolution, linear, recurrent or embedding layer that an
/// argument reaches tells how many channels, features or words it has; the sizes that remain are
/// those in common use.
std::vector<std::vector<script::InputSpec>> guessInputs(const script::Program& program,
                                                        std::span<const ForwardArgument> arguments);

/// "1x3x224x224 and 1x10:int64:0..30".
std::string describe(std::span<const script::InputSpec> inputs);

}  // namespace espalier::model
