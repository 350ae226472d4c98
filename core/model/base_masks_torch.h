// SPDX-License-Identifier: GPL-3.0-or-later
// What a file's weights themselves tell: what is already pruned, and their fingerprint.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/model/layer.h"

namespace espalier::model {

/// The mask of what is exactly zero in `weight`, true = not zero; undefined when nothing is.
at::Tensor maskOfNonzeros(const at::Tensor& weight);

/// Per mask, how many weights it removes; 0 for undefined ones.
std::vector<std::int64_t> removedByMasks(const std::vector<at::Tensor>& masks);

/// SHA-256 over the names, types, shapes and bytes of all parameters, and the masks.
std::string hashOfWeights(const torch::jit::Module& module, const std::vector<at::Tensor>& masks);

}  // namespace espalier::model
