// SPDX-License-Identifier: GPL-3.0-or-later
// What a recipe will do over its steps, known before it starts: for the picture of the schedule.
#pragma once

#include <cstdint>
#include <vector>

#include "core/train/recipe.h"

namespace espalier::train {

/// One optimizer step.
struct TimelinePoint {
    std::int64_t step = 0;  ///< steps done before it
    double lr = 0;
    double removed = 0;  ///< share of what the plan removes that is removed, 0..1
    bool operator==(const TimelinePoint&) const = default;
};

struct Timeline {
    std::vector<TimelinePoint>
        points;  ///< rising; some 500, both sides of each round's edge among them
    std::vector<std::int64_t> rounds;  ///< steps at which rounds start; empty without rounds
    std::int64_t warmupSteps = 0;      ///< of the whole run, or of each round
    std::int64_t steps = 0;            ///< of the whole run
    bool operator==(const Timeline&) const = default;
};

/// The timeline of a run with `stepsPerEpoch` optimizer steps an epoch (at least 1) and a plan that
/// comes to `sparsity` in the end, 0..1, of the weights that were there at first.
///
/// Every round has the learning-rate schedule of its own, as the loop has it. What depends on how
/// the training goes is not foreseen: plateau stays at the full rate, early stopping never happens.
/// `recipe` must pass check().
Timeline timelineOf(const Recipe& recipe, std::int64_t stepsPerEpoch, double sparsity);

}  // namespace espalier::train
