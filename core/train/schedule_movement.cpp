// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/pruning_schedule.h"

namespace espalier::train {

/// Sanh et al., Movement Pruning, 2020: weights that training moves towards zero go first.
ScheduleKind movementSchedule() {
    return {.name = "movement",
            .pace = ScheduleKind::Pace::Steps,
            .curve = cubicCurve,
            .byMovement = true};
}

}  // namespace espalier::train
