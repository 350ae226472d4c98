// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/layer_rankings.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/base/format.h"
#include "core/prune/rank_correlation.h"
#include "core/prune/selection.h"
#include "core/prune/weight_ranking_torch.h"

namespace espalier::prune {

namespace {

constexpr std::int64_t kMostWeights = std::int64_t{1} << 20;
constexpr auto kWhat = "Cannot compare rankings";

/// Every `step`-th number of one layer, in index order.
Result<std::vector<double>> ranksOf(const model::Snapshot& snapshot, const model::Layer& layer,
                                    const Plan& plan, std::int64_t step, const ScoreCache& scores,
                                    RunControl& control) {
    const auto ranking = WeightRanking::make(snapshot, plan, scores);
    if (!ranking) return ranking.error();
    if (const std::string why = ranking->whyNot(layer); !why.empty()) {
        return Error{Error::Kind::Mismatch, kWhat,
                     cat(plan.weightCriterion, " says nothing about ", layer.name, ": ", why),
                     "Choose another criterion"};
    }
    auto input = scoreInput(snapshot, layer.id, plan.seed);
    if (!input) return input.error();
    input->measured = ranking->measured(layer);
    const auto reader = ranking->criterion().ranks(*input, control);
    std::vector<double> ranks;
    const bool isRead =
        reader &&
        forEachRun(*reader, control, [&](std::int64_t begin, std::span<const double> run) {
            const std::int64_t first = (step - begin % step) % step;
            for (std::int64_t i = first; i < std::ssize(run); i += step)
                ranks.push_back(run[static_cast<std::size_t>(i)]);
        });
    if (!isRead) return Error{Error::Kind::Cancelled, "Stopped", "", ""};
    return ranks;
}

/// In which twentieth of the order each stands.
std::vector<std::size_t> partsOf(const std::vector<double>& scores) {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return scores[i]; });
    std::vector<std::size_t> parts(scores.size());
    for (std::size_t rank = 0; rank < order.size(); ++rank)
        parts[order[rank]] = rank * kRankParts / order.size();
    return parts;
}

std::vector<std::int64_t> countTogether(const std::vector<double>& mine,
                                        const std::vector<double>& others) {
    const auto columns = partsOf(mine);
    const auto rows = partsOf(others);
    std::vector<std::int64_t> together(std::size_t{kRankParts} * kRankParts);
    for (std::size_t i = 0; i < columns.size(); ++i) ++together[rows[i] * kRankParts + columns[i]];
    return together;
}

}  // namespace

double sharedOfLowest(const RankingsCompared& compared, int parts) {
    std::int64_t lowest = 0;
    std::int64_t shared = 0;
    for (int row = 0; row < kRankParts; ++row) {
        for (int column = 0; column < std::min(parts, kRankParts); ++column) {
            const auto count =
                compared.together[static_cast<std::size_t>(row * kRankParts + column)];
            lowest += count;
            if (row < parts) shared += count;
        }
    }
    return lowest > 0 ? static_cast<double>(shared) / static_cast<double>(lowest) : 1;
}

Result<RankingsCompared> compareRankings(const model::Snapshot& snapshot, model::LayerId id,
                                         const Plan& plan, const std::string& other,
                                         const ScoreCache& scores, RunControl& control) {
    return guarded(kWhat, [&]() -> Result<RankingsCompared> {
        const model::Layer& layer = snapshot.layer(id);
        const std::int64_t step = (layer.weightCount + kMostWeights - 1) / kMostWeights;
        const auto mine = ranksOf(snapshot, layer, plan, step, scores, control);
        if (!mine) return mine.error();
        Plan otherPlan = plan;
        otherPlan.weightCriterion = other;
        const auto others = ranksOf(snapshot, layer, otherPlan, step, scores, control);
        if (!others) return others.error();
        std::vector<double> a;
        std::vector<double> b;
        for (std::size_t i = 0; i < mine->size(); ++i) {
            if ((*mine)[i] == kAlreadyRemoved) continue;
            a.push_back((*mine)[i]);
            b.push_back((*others)[i]);
        }
        return RankingsCompared{rankCorrelation(a, b), std::ssize(a), countTogether(a, b)};
    });
}

}  // namespace espalier::prune
