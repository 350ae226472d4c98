// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/pruning_schedule.h"

namespace espalier::train {

/// Everything goes before the first step.
ScheduleKind oneShotSchedule() {
    return {.name = "one_shot", .curve = [](const ScheduleOptions&, double, double) { return 1.; }};
}

}  // namespace espalier::train
