// SPDX-License-Identifier: GPL-3.0-or-later
// One rule on one layer.
#pragma once

#include <cstdint>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/prune/plan.h"
#include "core/prune/scores_torch.h"

namespace espalier::prune {

struct RuledMask {
    at::Tensor kept;           ///< bool, shaped like the weight
    std::int64_t removed = 0;  ///< what the base mask removed included
};

/// The weight that a rule acts on: a layer's, or what cut channels leave of it.
struct RuledWeight {
    const model::Layer& layer;
    at::Tensor weight;
    at::Tensor baseMask;           ///< bool, shaped like the weight; undefined: all kept
    std::int64_t baseRemoved = 0;  ///< by that mask
    WeightScores measured = {};    ///< of that part, where the criterion needs data
};

/// The base mask and what `rule` removes beyond it; that may be everything.
/// Errors: those of scoreInput; BadArgument for an unknown criterion; Cancelled.
Result<RuledMask> applyRule(const RuledWeight& weight, const WeightRule& rule,
                            std::string_view criterion, std::uint64_t seed, RunControl& control);

/// The axis of a weight that n:m patterns run along: the one its operator sums over.
///
/// Dimension 1 of linear, convolution and recurrent weights [out, in, ...] and of embeddings
/// [entries, features]; dimension 0 of transposed convolutions [in, out, ...] and of matrices a
/// value is multiplied with from the left.
std::int64_t patternAxis(const model::Layer& layer);

}  // namespace espalier::prune
