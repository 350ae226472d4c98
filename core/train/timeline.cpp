// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/timeline.h"

#include <algorithm>

#include "core/train/removal_curve.h"
#include "core/train/scheduler.h"

namespace espalier::train {
namespace {

constexpr std::int64_t kPoints = 500;

/// Follows one learning-rate schedule through its part of the run.
class RateCurve {
public:
    RateCurve(const Recipe& recipe, std::int64_t stepsPerEpoch, int rounds, std::int64_t steps)
        : m_recipe(recipe),
          m_scheduler(makeScheduler(recipe.scheduler)),
          m_stepsPerEpoch(stepsPerEpoch),
          m_rounds(rounds),
          m_stepsPerRound(steps / rounds) {}

    double at(std::int64_t step) const {
        const std::int64_t round = std::min<std::int64_t>(step / m_stepsPerRound, m_rounds - 1);
        const std::int64_t own = step - round * m_stepsPerRound;
        const Position position{static_cast<int>(own / m_stepsPerEpoch), own, m_stepsPerRound};
        const bool isLast = round == m_rounds - 1;
        const bool isReduced = m_recipe.schedule.name == "iterative" && !isLast;
        return m_recipe.optimizer.lr * (isReduced ? m_recipe.schedule.roundLr : 1) *
               m_scheduler->factor(position);
    }

private:
    const Recipe& m_recipe;
    std::unique_ptr<Scheduler> m_scheduler;
    std::int64_t m_stepsPerEpoch;
    std::int64_t m_rounds;
    std::int64_t m_stepsPerRound;
};

bool hasRounds(const Recipe& recipe) {
    return recipe.schedule.name == "iterative" || recipe.schedule.name == "lottery";
}

}  // namespace

Timeline timelineOf(const Recipe& recipe, std::int64_t stepsPerEpoch, double sparsity) {
    Timeline timeline;
    const int rounds = hasRounds(recipe) ? recipe.schedule.rounds : 1;
    timeline.steps = stepsPerEpoch * totalEpochs(recipe);
    timeline.warmupSteps = recipe.scheduler.warmupSteps;
    const std::int64_t perRound = timeline.steps / rounds;
    std::vector<std::int64_t> steps;
    const std::int64_t stride = (timeline.steps + kPoints - 1) / kPoints;
    for (std::int64_t step = 0; step < timeline.steps; step += stride) steps.push_back(step);
    for (int round = 0; round < rounds; ++round) {
        if (rounds > 1) timeline.rounds.push_back(round * perRound);
        // Both sides of the edge: the stair is drawn as one, however few points there are.
        if (round > 0) steps.insert(steps.end(), {round * perRound - 1, round * perRound});
    }
    steps.push_back(timeline.steps - 1);
    std::ranges::sort(steps);
    const auto repeated = std::ranges::unique(steps);
    steps.erase(repeated.begin(), repeated.end());

    const RateCurve rate(recipe, stepsPerEpoch, rounds, timeline.steps);
    for (const std::int64_t step : steps) {
        // The middle of the step: its start may round to the end of the round before.
        const double progress =
            (static_cast<double>(step) + 0.5) / static_cast<double>(timeline.steps);
        timeline.points.push_back(
            {step, rate.at(step), removedShare(recipe.schedule, progress, sparsity)});
    }
    return timeline;
}

}  // namespace espalier::train
