// SPDX-License-Identifier: GPL-3.0-or-later
// Masks as tensors, and modules with masks applied.
#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/prune/masks.h"

namespace espalier::prune {

struct LayerMask {
    std::string key;  ///< rule, criterion, seed, weights: equal keys mean equal masks
    at::Tensor kept;  ///< bool, shaped like the weight; undefined when everything is kept
    std::int64_t removed = 0;
};

struct MaskState {
    std::vector<std::shared_ptr<const LayerMask>> layers;  ///< by LayerId
    std::vector<std::int64_t> weightCounts;
};

/// Bool mask of one layer, true = kept; undefined when everything is kept.
const at::Tensor& keptMask(const Masks& masks, model::LayerId layer);

/// A deep copy of the snapshot's module with removed weights set to zero.
torch::jit::Module maskedModule(const model::Snapshot& snapshot, const Masks& masks);

}  // namespace espalier::prune
