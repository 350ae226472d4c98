// SPDX-License-Identifier: GPL-3.0-or-later
// What was measured, found again whenever the same weights and the same cuts come back.
#pragma once

#include <optional>
#include <vector>

#include "core/measure/evaluate.h"
#include "core/measure/latency.h"
#include "core/model/snapshot.h"
#include "core/prune/plan.h"

namespace espalier::ui {

/// The part of a plan that decides which weights go: two plans with equal ones give the same masks.
prune::Plan effective(const prune::Plan& plan);

/// The split that choices are made on: validation, or test where there is no other.
data::Split choiceSplit(const data::Dataset& dataset);

/// A latency, and which others it can be compared with: those of the same run.
struct Timed {
    measure::Latency latency;
    int run = 0;
};

class Measurements {
public:
    void setEvaluation(const model::SnapshotPtr& snapshot, const prune::Plan& plan,
                       measure::Evaluation evaluation);
    void setLatency(const model::SnapshotPtr& snapshot, const prune::Plan& plan, Timed timed);

    /// On `split`; on whichever was measured last when none is given.
    std::optional<measure::Evaluation> evaluation(const model::SnapshotPtr& snapshot,
                                                  const prune::Plan& plan,
                                                  std::optional<data::Split> split = {}) const;
    std::optional<Timed> latency(const model::SnapshotPtr& snapshot, const prune::Plan& plan) const;

    void clear() { m_entries.clear(); }
    void forgetEvaluations();  ///< other data is attached

private:
    struct Entry {
        model::SnapshotPtr snapshot;
        prune::Plan plan;                              // effective
        std::vector<measure::Evaluation> evaluations;  // at most one a split, the latest last
        std::optional<Timed> latency;
    };
    const Entry* find(const model::SnapshotPtr& snapshot, const prune::Plan& plan) const;
    Entry& entry(const model::SnapshotPtr& snapshot, const prune::Plan& plan);

    std::vector<Entry> m_entries;
};

}  // namespace espalier::ui
