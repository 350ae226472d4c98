// SPDX-License-Identifier: GPL-3.0-or-later
// How a measured criterion is written: one file per criterion, one line in the table of
// criterion_scores.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/measure/scored_model_torch.h"
#include "core/prune/scores_torch.h"

namespace espalier::measure {

/// Sees the samples batch by batch, then says what it found.
class ScoreMeter {
public:
    virtual ~ScoreMeter() = default;
    virtual Result<void> add(const data::Batch& batch, RunControl& control) = 0;
    /// Fills in parameters and whyNot. `samples`: how many were added.
    virtual void finish(std::int64_t samples, prune::ScoreState& state) = 0;
};

struct MeasuredCriterion {
    std::string_view name;
    std::int64_t batchSize;  ///< samples that are run together
    /// `model` outlives the meter.
    std::unique_ptr<ScoreMeter> (*makeMeter)(const ScoredModel& model);
};

MeasuredCriterion measuredTaylor();
MeasuredCriterion measuredGradient();
MeasuredCriterion measuredFisher();
MeasuredCriterion measuredWanda();
MeasuredCriterion measuredActivation();
MeasuredCriterion measuredApoz();

}  // namespace espalier::measure
