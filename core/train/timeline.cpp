// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/timeline.h"

#include <algorithm>

#include "core/train/scheduler.h"
#include "core/train/timetable.h"

namespace espalier::train {
namespace {

constexpr std::int64_t kPoints = 500;

/// So many steps that they make a curve, and both sides of each round's edge: the stair is drawn as
/// one, however few they are.
std::vector<std::int64_t> drawnSteps(const Timetable& timetable) {
    std::vector<std::int64_t> steps;
    const std::int64_t last = timetable.steps() - 1;
    const std::int64_t stride = (timetable.steps() + kPoints - 1) / kPoints;
    for (std::int64_t step = 0; step < last; step += stride) steps.push_back(step);
    for (int round = 2; round <= timetable.rounds(); ++round) {
        const std::int64_t start = timetable.stepsBefore(round);
        steps.insert(steps.end(), {start - 1, start});
    }
    steps.push_back(last);
    std::ranges::sort(steps);
    const auto repeated = std::ranges::unique(steps);
    steps.erase(repeated.begin(), repeated.end());
    return steps;
}

}  // namespace

Timeline timelineOf(const Recipe& recipe, std::int64_t stepsPerEpoch, double sparsity) {
    const Timetable timetable(recipe, stepsPerEpoch);
    Timeline timeline;
    timeline.steps = timetable.steps();
    timeline.warmupSteps = recipe.scheduler.warmupSteps;
    if (timeline.steps == 0) return timeline;
    for (int round = 1; timetable.hasRounds() && round <= timetable.rounds(); ++round)
        timeline.rounds.push_back(timetable.stepsBefore(round));
    const auto scheduler = makeScheduler(recipe.scheduler);
    for (const std::int64_t step : drawnSteps(timetable)) {
        const Position position{static_cast<int>(step / stepsPerEpoch), step, timeline.steps};
        const int round = timetable.roundOf(position.epoch + 1);
        const double factor =
            timetable.rateOf(round) * scheduler->factor(timetable.inRound(position, round));
        timeline.points.push_back(
            {step, recipe.optimizer.lr * factor, timetable.shareAt(step, sparsity)});
    }
    return timeline;
}

}  // namespace espalier::train
