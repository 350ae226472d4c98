// SPDX-License-Identifier: GPL-3.0-or-later
// How a run is parted: its rounds, and the steps after which something is removed.
#pragma once

#include <cstdint>

#include "core/train/pruning_schedule.h"
#include "core/train/recipe.h"
#include "core/train/scheduler.h"

namespace espalier::train {

/// Counts steps as Position does: those done so far. A schedule without rounds has one. From
/// scratch everything that goes has gone before the first step, whatever the schedule.
class Timetable {
public:
    Timetable(const Recipe& recipe, std::int64_t stepsPerEpoch);

    const ScheduleKind& schedule() const;
    int epochs() const { return m_epochs; }
    std::int64_t steps() const { return m_stepsPerEpoch * m_epochs; }
    int rounds() const { return m_rounds; }
    bool hasRounds() const { return m_hasRounds; }
    /// Of an epoch, both counted from 1; of epoch 0 (before training) the first.
    int roundOf(int epoch) const;
    bool beginsRound(int epoch) const;
    /// Steps before a round.
    std::int64_t stepsBefore(int round) const;
    /// A position in the run, seen from its round: every round has a learning-rate schedule of its
    /// own.
    Position inRound(const Position& run, int round) const;
    /// On the learning rate, beside the scheduler's factor.
    double rateOf(int round) const { return round < m_rounds ? m_roundRate : 1; }

    /// Whether something is removed after so many steps, while training.
    bool removesAt(std::int64_t step) const;
    /// Whether the whole plan is removed from there on.
    bool isReachedAt(std::int64_t step) const;
    /// The share of what the plan removes that is removed from there on: see removedShare.
    double shareAt(std::int64_t step, double sparsity) const;

private:
    ScheduleOptions m_options;
    std::int64_t m_stepsPerEpoch;
    int m_epochs;
    bool m_hasRounds;
    int m_rounds;
    double m_roundRate;        // of all rounds but the last
    std::int64_t m_firstStep;  // from which on a schedule by steps removes, and where it ends
    std::int64_t m_lastStep;
};

}  // namespace espalier::train
