// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/weight_ranking_torch.h"

namespace espalier::prune {

Result<WeightRanking> WeightRanking::make(const model::Snapshot& snapshot, const Plan& plan,
                                          const ScoreCache& scores) {
    const auto criterion = findCriterion(plan.weightCriterion);
    if (!criterion) return criterion.error();
    WeightRanking ranking;
    ranking.m_criterion = *criterion;
    if (!ranking.m_criterion->info.isMeasured()) return ranking;
    ranking.m_scores = scores.find(scoreKey(snapshot, plan, plan.weightCriterion));
    if (!ranking.m_scores) return needsData("Cannot rank weights", plan.weightCriterion);
    return ranking;
}

std::string WeightRanking::whyNot(const model::Layer& layer) const {
    return m_scores ? m_scores->whyNot(layer.name) : std::string();
}

std::vector<const model::Layer*> layersToPrune(const model::Snapshot& snapshot, const Plan& plan,
                                               const WeightRanking& ranking) {
    std::vector<const model::Layer*> layers;
    for (const model::Layer& layer : snapshot.layers()) {
        const bool open =
            layer.prunable.weights && layer.weightCount > 0 && !plan.locked.contains(layer.name);
        if (open && ranking.whyNot(layer).empty()) layers.push_back(&layer);
    }
    return layers;
}

WeightScores WeightRanking::measured(const model::Layer& layer) const {
    return m_scores ? m_scores->state().parameters.find(layer.name)->second.weights
                    : WeightScores();
}

}  // namespace espalier::prune
