// SPDX-License-Identifier: GPL-3.0-or-later
// How a plan ranks the weights of a snapshot: a criterion and, where it needs data, its scores.
#pragma once

#include <string>
#include <vector>

#include "core/prune/criteria_torch.h"
#include "core/prune/plan.h"
#include "core/prune/scores.h"

namespace espalier::prune {

class WeightRanking {
public:
    /// Errors: BadArgument for an unknown criterion, and for one that needs data when `scores` has
    /// not what was measured for this plan and these weights.
    static Result<WeightRanking> make(const model::Snapshot& snapshot, const Plan& plan,
                                      const ScoreCache& scores);

    const Criterion& criterion() const { return *m_criterion; }
    /// Why it does not rank the weights of this layer; empty when it does.
    std::string whyNot(const model::Layer& layer) const;
    /// Undefined for criteria that need no data. The layer must be ranked.
    WeightScores measured(const model::Layer& layer) const;

private:
    const Criterion* m_criterion = nullptr;
    ScoresPtr m_scores;  // null for criteria that need no data
};

/// The prunable, unlocked weights that are ranked.
std::vector<const model::Layer*> layersToPrune(const model::Snapshot& snapshot, const Plan& plan,
                                               const WeightRanking& ranking);

}  // namespace espalier::prune
