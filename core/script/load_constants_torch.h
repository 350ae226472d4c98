// SPDX-License-Identifier: GPL-3.0-or-later
// Frozen files keep weights as constants in their code; here they become parameters again.
#pragma once

#include <string>
#include <vector>

#include <torch/csrc/jit/api/module.h>

namespace espalier::script {

/// Turns every constant tensor that is a layer's weight, bias or statistic in `module`'s own
/// forward into a parameter or buffer of a new submodule named after its operator and place:
/// "conv2d_0.weight", "linear_1.bias". Returns the new state_dict names, in order of execution.
/// Values and results stay as they were; call before the first run.
std::vector<std::string> liftConstants(torch::jit::Module& module);

}  // namespace espalier::script
