// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/suited_recipe.h"

#include <algorithm>
#include <cmath>

#include "core/base/format.h"
#include "core/train/pruning_schedule.h"

namespace espalier::train {
namespace {

/// Above this share gradual pruning was better than one shot with as many epochs.
constexpr double kMuch = 0.95;

}  // namespace

Recipe suited(Recipe recipe, double removed) {
    const bool isMuch = removed > kMuch;
    recipe.schedule.name = isMuch ? "agp" : "one_shot";
    recipe.epochs = isMuch ? 10 : 5;
    recipe.optimizer.lr = isMuch ? 0.05 : 0.02;
    return recipe;
}

Recipe withEpochs(Recipe recipe, int epochs) {
    recipe.epochs = epochs;
    const double rounds = recipe.schedule.rounds;
    recipe.schedule.epochsPerRound = std::max(1, static_cast<int>(std::lround(epochs / rounds)));
    return recipe;
}

std::string describe(const Recipe& recipe) {
    const ScheduleOptions& schedule = recipe.schedule;
    const bool hasRounds = findSchedule(schedule.name).pace == ScheduleKind::Pace::Rounds;
    return cat(schedule.name, hasRounds ? cat(" (", schedule.rounds, " rounds)") : "", ", ",
               totalEpochs(recipe), " epochs of ", recipe.optimizer.name, " at ",
               significant(recipe.optimizer.lr), ", batches of ", recipe.batchSize);
}

}  // namespace espalier::train
