// SPDX-License-Identifier: GPL-3.0-or-later
// Pruning schedules: what they have in common, and the table of them.
#pragma once

#include <string_view>

#include "core/train/recipe.h"

namespace espalier::train {

/// As removedShare.
using RemovalCurve = double (*)(const ScheduleOptions& options, double progress, double sparsity);

/// How a schedule is written: one file, one line in the table of pruning_schedules.cpp.
struct ScheduleKind {
    /// When something is removed: before the first step; at the start of each round; while
    /// training, every `everySteps` steps.
    enum class Pace { AtOnce, Rounds, Steps };

    std::string_view name;
    Pace pace = Pace::AtOnce;
    RemovalCurve curve = nullptr;
    bool rewinds = false;     ///< in each round what is left goes back to earlier weights
    bool byMovement = false;  ///< ranks by what training does to weights, not by the plan's
                              ///< criterion; what was removed may come back until the end
};

/// The schedule of that name, which must be one of scheduleNames().
const ScheduleKind& findSchedule(std::string_view name);

ScheduleKind oneShotSchedule();
ScheduleKind iterativeSchedule();
ScheduleKind agpSchedule();
ScheduleKind lotterySchedule();
ScheduleKind movementSchedule();

/// Equal shares of what is left in each round.
double stairCurve(const ScheduleOptions& options, double progress, double sparsity);
/// Fast at first, then slower and slower, between `begin` and `end`.
double cubicCurve(const ScheduleOptions& options, double progress, double sparsity);

}  // namespace espalier::train
