// SPDX-License-Identifier: GPL-3.0-or-later
// Files written with torch.nn.utils.prune still attached: X_orig (parameter) times X_mask (buffer).
#pragma once

#include <string>
#include <vector>

#include <torch/csrc/jit/api/module.h>

#include "core/base/result.h"

namespace espalier::script {

/// One pruned parameter that still carries its mask, by state_dict names.
struct AttachedMask {
    std::string original;  ///< "conv1.weight_orig"
    std::string mask;      ///< "conv1.weight_mask"
    std::string plain;     ///< "conv1.weight", the name after committing
};

/// Every `P_orig` parameter with a same-shaped `P_mask` buffer in the same submodule. Empty when
/// there are none.
std::vector<AttachedMask> findAttachedMasks(const torch::jit::Module& module);

/// A new module in which each mask is multiplied into its parameter, the parameter has its plain
/// name and the mask is gone, as torch.nn.utils.prune.remove leaves it. All other names, methods
/// and values stay. The argument is unchanged; tensors that need no change are shared with it.
/// Errors: Unsupported, naming the parameter, when the code uses a parameter or its mask in another
/// way than as their product.
Result<torch::jit::Module> commitAttachedMasks(const torch::jit::Module& module);

}  // namespace espalier::script
