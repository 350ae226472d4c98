// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/pruning_schedule.h"

namespace espalier::train {

/// Frankle and Carbin, The Lottery Ticket Hypothesis, 2019: what survives a round goes back to
/// where it came from.
ScheduleKind lotterySchedule() {
    return {.name = "lottery",
            .pace = ScheduleKind::Pace::Rounds,
            .curve = stairCurve,
            .rewinds = true};
}

}  // namespace espalier::train
