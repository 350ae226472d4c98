// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <stdexcept>

#include "core/base/format.h"
#include "core/train/pruning_schedule.h"
#include "core/train/removal_curve.h"

namespace espalier::train {
namespace {

const auto& schedules() {
    static const std::array kSchedules{
        oneShotSchedule(), iterativeSchedule(), agpSchedule(),
        lotterySchedule(), movementSchedule(),
    };
    return kSchedules;
}

}  // namespace

std::vector<std::string> scheduleNames() {
    std::vector<std::string> names;
    for (const ScheduleKind& kind : schedules()) names.emplace_back(kind.name);
    return names;
}

const ScheduleKind& findSchedule(std::string_view name) {
    for (const ScheduleKind& kind : schedules()) {
        if (kind.name == name) return kind;
    }
    throw std::invalid_argument(cat("there is no pruning schedule ", name));
}

double removedShare(const ScheduleOptions& options, double progress, double sparsity) {
    return findSchedule(options.name).curve(options, progress, sparsity);
}

}  // namespace espalier::train
