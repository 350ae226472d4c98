// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "core/train/pruning_schedule.h"

namespace espalier::train {

/// Rounds of pruning and training (Han et al., Learning both Weights and Connections for Efficient
/// Neural Networks, 2015).
ScheduleKind iterativeSchedule() {
    return {.name = "iterative", .pace = ScheduleKind::Pace::Rounds, .curve = stairCurve};
}

double stairCurve(const ScheduleOptions& options, double progress, double sparsity) {
    // Where a round begins, rounding must not leave the run in the one before.
    const double round = std::floor(progress * options.rounds + 1e-9) + 1;
    if (round >= options.rounds) return 1;
    const double taken = round / options.rounds;
    if (sparsity == 0) return taken;  // the limit
    return (1 - std::pow(1 - sparsity, taken)) / sparsity;
}

}  // namespace espalier::train
