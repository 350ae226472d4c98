// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/timetable.h"

#include <algorithm>
#include <cmath>

#include "core/train/removal_curve.h"

namespace espalier::train {
namespace {

using Pace = ScheduleKind::Pace;

bool hasRoundsIn(const ScheduleOptions& options) {
    return findSchedule(options.name).pace == Pace::Rounds;
}

ScheduleOptions optionsOf(const Recipe& recipe) {
    ScheduleOptions options = recipe.schedule;
    if (recipe.fromScratch) options.name = "one_shot";
    return options;
}

std::int64_t stepAt(double share, std::int64_t steps) {
    return std::llround(share * static_cast<double>(steps));
}

}  // namespace

int totalEpochs(const Recipe& recipe) {
    const ScheduleOptions& options = recipe.schedule;
    return hasRoundsIn(options) ? options.rounds * options.epochsPerRound : recipe.epochs;
}

Timetable::Timetable(const Recipe& recipe, std::int64_t stepsPerEpoch)
    : m_options(optionsOf(recipe)),
      m_stepsPerEpoch(stepsPerEpoch),
      m_epochs(totalEpochs(recipe)),
      m_hasRounds(hasRoundsIn(m_options)),
      m_rounds(m_hasRounds ? m_options.rounds : 1),
      m_roundRate(schedule().rewinds ? 1 : m_options.roundLr),
      m_firstStep(stepAt(m_options.begin, steps())),
      m_lastStep(std::max(m_firstStep + 1, stepAt(m_options.end, steps()))) {}

const ScheduleKind& Timetable::schedule() const {
    return findSchedule(m_options.name);
}

int Timetable::roundOf(int epoch) const {
    const int perRound = std::max(1, m_epochs / m_rounds);
    return std::max(epoch - 1, 0) / perRound + 1;
}

bool Timetable::beginsRound(int epoch) const {
    return epoch == 1 || roundOf(epoch) != roundOf(epoch - 1);
}

std::int64_t Timetable::stepsBefore(int round) const {
    return steps() / m_rounds * (round - 1);
}

Position Timetable::inRound(const Position& run, int round) const {
    return {run.epoch - m_epochs / m_rounds * (round - 1), run.step - stepsBefore(round),
            std::max<std::int64_t>(1, steps() / m_rounds)};
}

bool Timetable::removesAt(std::int64_t step) const {
    if (schedule().pace != Pace::Steps) return false;
    if (step <= m_firstStep || step > m_lastStep) return false;
    return step == m_lastStep || (step - m_firstStep) % m_options.everySteps == 0;
}

bool Timetable::isReachedAt(std::int64_t step) const {
    switch (schedule().pace) {
        case Pace::AtOnce:
            return true;
        case Pace::Rounds:
            return step >= stepsBefore(m_rounds);
        case Pace::Steps:
            return step >= m_lastStep;
    }
    return true;
}

double Timetable::shareAt(std::int64_t step, double sparsity) const {
    if (isReachedAt(step)) return 1;
    const double progress = static_cast<double>(step) / static_cast<double>(steps());
    return removedShare(m_options, progress, sparsity);
}

}  // namespace espalier::train
