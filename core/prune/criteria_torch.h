// SPDX-License-Identifier: GPL-3.0-or-later
// How a criterion is written: one file per criterion, one line in the table of criterion.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "core/base/result.h"
#include "core/model/weight_values_torch.h"
#include "core/prune/criterion.h"
#include "core/prune/score_reader.h"
#include "core/prune/scores_torch.h"

namespace espalier::prune {

/// What a criterion judges one layer by.
struct ScoreInput {
    model::WeightValues weights;
    std::string layerName;
    std::uint64_t seed = 0;
    WeightScores measured = {};  ///< where the criterion needs data
};

struct Criterion {
    /// Null when stopped.
    using MakeReader = std::unique_ptr<ScoreReader> (*)(const ScoreInput& input,
                                                        RunControl& control);

    CriterionInfo info;
    /// One number per weight, in index order: which go first where a share of the layer goes. As
    /// the scores rank them, but for criteria that rank within rows.
    MakeReader ranks;
    /// The scores of the kept weights, for counting; in index order unless `tensor` is given. The
    /// same function as `ranks` where those are scores.
    MakeReader scores;
    /// The scores in index order, where `scores` does not give them in that order: one per weight,
    /// shaped like the weight, 0 where the base mask has removed it.
    at::Tensor (*tensor)(const at::Tensor& weight, const ScoreInput& input) = nullptr;

    /// Whether `scores` gives them in index order.
    bool scoresInOrder() const { return tensor == nullptr; }
};

/// Errors: BadArgument, listing the known names.
Result<const Criterion*> findCriterion(std::string_view name);

/// Errors: those of weightValues; Damaged when a kept weight is NaN or infinite.
Result<ScoreInput> scoreInput(const model::Snapshot& snapshot, model::LayerId layer,
                              std::uint64_t seed);

/// The same for a part of the layer's weight and of its base mask (undefined: all kept).
Result<ScoreInput> scoreInput(const model::Layer& layer, const at::Tensor& weight,
                              const at::Tensor& kept, std::uint64_t seed);

Criterion randomCriterion();
Criterion magnitudeCriterion();
Criterion lampCriterion();

// Measured on data (core/measure).
Criterion taylorCriterion();
Criterion gradientCriterion();
Criterion fisherCriterion();
Criterion wandaCriterion();

}  // namespace espalier::prune
