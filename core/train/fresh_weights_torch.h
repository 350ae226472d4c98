// SPDX-License-Identifier: GPL-3.0-or-later
// A model's weights drawn anew: the baseline that tells whether pruning was worth it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/csrc/jit/api/module.h>

#include "core/model/snapshot.h"
#include "core/prune/masks.h"

namespace espalier::train {

/// Draws every parameter of `module`, a copy of the snapshot's on the CPU, as PyTorch's layers do
/// by default, by the operators that use it: linear layers, convolutions and products uniformly
/// within 1/sqrt(fan in), as are their biases (kaiming_uniform with a = sqrt 5); recurrent ones
/// within 1/sqrt(hidden size); norms 1 and 0, their running statistics 0 and 1; embeddings
/// N(0, 1); PReLU 0.25.
///
/// With `masks` (may be null) that take channels, the fan in is that of the cut layer; nothing is
/// masked here. Gives the paths of what has no default and keeps its values. Deterministic in
/// (model, masks' channels, seed); not what torch.manual_seed(seed) draws, which may well be the
/// start that the model was trained from.
std::vector<std::string> drawAnew(const torch::jit::Module& module, const model::Snapshot& snapshot,
                                  const prune::MasksPtr& masks, std::uint64_t seed);

}  // namespace espalier::train
