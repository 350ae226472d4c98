// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>

#include "core/train/pruning_schedule.h"

namespace espalier::train {

/// Automated gradual pruning: Zhu and Gupta, To Prune, or Not to Prune, 2017.
ScheduleKind agpSchedule() {
    return {.name = "agp", .pace = ScheduleKind::Pace::Steps, .curve = cubicCurve};
}

double cubicCurve(const ScheduleOptions& options, double progress, double /*sparsity*/) {
    const double t = std::clamp((progress - options.begin) / (options.end - options.begin), 0., 1.);
    return 1 - std::pow(1 - t, 3);
}

}  // namespace espalier::train
