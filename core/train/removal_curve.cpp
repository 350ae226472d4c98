// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/removal_curve.h"

#include <algorithm>
#include <cmath>

namespace espalier::train {
namespace {

double stair(int rounds, double progress, double sparsity) {
    const double round = std::floor(progress * rounds) + 1;
    if (round >= rounds) return 1;
    const double taken = round / rounds;
    if (sparsity == 0) return taken;  // the limit
    return (1 - std::pow(1 - sparsity, taken)) / sparsity;
}

double cubic(const ScheduleOptions& options, double progress) {
    const double t =
        std::clamp((progress - options.begin) / (options.end - options.begin), 0.0, 1.0);
    return 1 - std::pow(1 - t, 3);
}

}  // namespace

double removedShare(const ScheduleOptions& options, double progress, double sparsity) {
    if (options.name == "iterative" || options.name == "lottery")
        return stair(options.rounds, progress, sparsity);
    if (options.name == "agp" || options.name == "movement") return cubic(options, progress);
    return 1;
}

}  // namespace espalier::train
