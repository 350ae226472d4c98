// SPDX-License-Identifier: GPL-3.0-or-later
// A plan on its way: what of it is removed at a moment of the run, chosen anew.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/data/dataset.h"
#include "core/measure/metric.h"
#include "core/prune/masks_torch.h"
#include "core/train/movement_torch.h"
#include "core/train/staged_channels.h"

namespace espalier::train {

/// What criteria that need data look at.
struct ScoredWith {
    const data::Dataset& dataset;
    std::string device;
    measure::MetricOptions metrics;
};

/// How many weights and channels go is the plan's; which ones is chosen at each moment by its
/// criterion on the weights as they are then. Everything referred to must outlive it.
///
/// At the end each layer has lost exactly what the plan's own masks remove. Rules by threshold and
/// σ come to those numbers, not to other weights below the same threshold. n:m patterns are whole
/// or not at all: they come in the last stage, at once. Locks, marks and base masks hold
/// throughout.
class StagedPlan {
public:
    /// `whole`: the masks of `plan` on `snapshot`.
    StagedPlan(const model::Snapshot& snapshot, prune::Plan plan, prune::MasksPtr whole,
               ScoredWith scoredWith);

    struct Stage {
        ShareOf share;
        bool isLast = false;  ///< share is 1, and patterns come
    };
    /// Ranks the weights of `now`, the snapshot's model with the weights of the moment, by the
    /// plan's criterion. What `before` (may be null) removes goes first and stays away. Errors:
    /// those of prune::resolve and measure::measureScores.
    Result<prune::MasksPtr> byCriterion(const Stage& stage, const model::SnapshotPtr& now,
                                        const prune::MasksPtr& before, RunControl& control) const;
    /// Ranks by movement instead, all that `now` has, but patterns by the plan's criterion.
    Result<prune::MasksPtr> byMovement(const Stage& stage, const model::SnapshotPtr& now,
                                       const Movement& movement, RunControl& control) const;

    const prune::MasksPtr& whole() const { return m_whole; }

private:
    /// The sparsity at this stage of what channels leave of a layer that ends at one of `whole`.
    double sparsityAt(const Stage& stage, const model::Layer& layer) const;
    std::vector<const model::Layer*> layersWithRule() const;
    Result<prune::ScoreCache> measured(const prune::Plan& plan, const model::SnapshotPtr& now,
                                       RunControl& control) const;
    Result<prune::ChannelChoicePtr> channelsByCriterion(const Stage& stage,
                                                        const model::SnapshotPtr& now,
                                                        const prune::MasksPtr& before,
                                                        const prune::ScoreCache& measured,
                                                        RunControl& control) const;
    prune::Plan rulesAt(const Stage& stage, bool withSparsities) const;

    const model::Snapshot& m_snapshot;
    prune::Plan m_plan;
    prune::MasksPtr m_whole;
    ScoredWith m_scoredWith;
};

}  // namespace espalier::train
