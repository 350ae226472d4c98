// SPDX-License-Identifier: GPL-3.0-or-later
// Scores as tensors.
#pragma once

#include <cstdint>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "core/base/result.h"
#include "core/model/snapshot.h"

namespace espalier::prune {

/// One score per weight, shaped like the weight, float32 or float64 as the weight; higher = keep; 0
/// where the base mask has removed it. Deterministic in (weights, criterion, seed, layer name).
/// For criteria that need no data. Errors: BadArgument for another or an unknown criterion.
Result<at::Tensor> weightScores(const model::Snapshot& snapshot, model::LayerId layer,
                                std::string_view criterion, std::uint64_t seed);

}  // namespace espalier::prune
