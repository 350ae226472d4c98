// SPDX-License-Identifier: GPL-3.0-or-later
// What a sensitivity scan prunes one at a time: weight tensors or channel groups, and their masks.
#pragma once

#include <string>
#include <vector>

#include "core/measure/sensitivity.h"
#include "core/prune/channel_scores.h"
#include "core/prune/masks.h"

namespace espalier::measure {

struct ScanTarget {
    std::string name;                     ///< parameter path or group key
    std::vector<std::string> parameters;  ///< paths of all that its masks may touch
};

/// Makes the masks of one target at one level on top of the base masks. The arguments outlive it.
class ScanTargets {
public:
    /// Errors: BadArgument (an unknown criterion, or one with data whose scores `options` has not;
    /// no groups; a name that is none), Infeasible when
    /// nothing can be pruned, Damaged, Cancelled.
    static Result<ScanTargets> find(const model::Snapshot& snapshot,
                                    const channels::ChannelGroupsPtr& groups,
                                    const ScanOptions& options, RunControl& control);

    const std::vector<ScanTarget>& all() const { return m_targets; }
    const std::vector<std::string>& notes() const { return m_notes; }
    /// The snapshot's base masks alone.
    const prune::MasksPtr& base() const { return m_base; }

    /// Null when the target cannot lose that much. Errors: those of prune::resolve.
    Result<prune::MasksPtr> masks(const ScanTarget& target, double sparsity,
                                  RunControl& control) const;

private:
    ScanTargets(const model::Snapshot& snapshot, const ScanOptions& options)
        : m_snapshot(&snapshot), m_options(&options) {}
    Result<void> findWeights();
    Result<void> findGroups(RunControl& control);
    Result<void> restrict();
    prune::Plan emptyPlan() const;

    const model::Snapshot* m_snapshot;
    const ScanOptions* m_options;
    channels::ChannelGroupsPtr m_groups;
    prune::ChannelScoresPtr m_scores;  // of the groups; null for weights
    prune::MasksPtr m_base;
    std::vector<ScanTarget> m_targets;
    std::vector<std::string> m_notes;
};

}  // namespace espalier::measure
