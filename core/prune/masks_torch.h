// SPDX-License-Identifier: GPL-3.0-or-later
// Masks as tensors, and modules with masks applied.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/prune/channel_costs.h"
#include "core/prune/masks.h"

namespace espalier::prune {

struct LayerMask {
    std::string key;  ///< rule, criterion, seed, weights, channels: equal keys mean equal masks
    at::Tensor kept;  ///< bool, shaped like the weight; undefined when everything is kept
    std::int64_t removed = 0;
};

/// By path the masks (bool, true = kept) of parameters that are no layer's weight: biases of
/// channels that go, and what was masked when the file was opened.
using OtherMasks = std::map<std::string, at::Tensor>;

struct MaskState {
    std::vector<std::shared_ptr<const LayerMask>> layers;  ///< by LayerId
    std::vector<std::int64_t> weightCounts;
    OtherMasks others;
    ChannelChoicePtr channels;  ///< null when nothing goes by channels
    ChannelCostsPtr costs;      ///< of the choice's groups; null without channels
    CutCosts cut;               ///< of the choice
};

/// Bool mask of one layer, true = kept; undefined when everything is kept.
const at::Tensor& keptMask(const Masks& masks, model::LayerId layer);

/// A deep copy of the snapshot's module with removed weights, and the biases of removed channels,
/// set to zero.
torch::jit::Module maskedModule(const model::Snapshot& snapshot, const Masks& masks);

}  // namespace espalier::prune
