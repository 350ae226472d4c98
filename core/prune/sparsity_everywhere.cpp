// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <memory>

#include "core/base/format.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/plan.h"
#include "core/prune/selection.h"
#include "core/prune/weight_ranking_torch.h"

namespace espalier::prune {

namespace {

const Error kCancelled{Error::Kind::Cancelled, "Stopped", "", ""};

/// A layer's scores without its last best weight, which no global threshold may take.
class AllButTheBest : public ScoreReader {
public:
    AllButTheBest(std::unique_ptr<ScoreReader> scores, std::int64_t best)
        : m_scores(std::move(scores)), m_best(best) {}

    std::int64_t count() const override { return m_scores->count(); }
    void read(std::int64_t begin, std::span<double> scores) const override {
        m_scores->read(begin, scores);
        const std::int64_t offset = m_best - begin;
        if (offset >= 0 && offset < std::ssize(scores))
            scores[static_cast<std::size_t>(offset)] = kAlreadyRemoved;
    }

private:
    std::unique_ptr<ScoreReader> m_scores;
    std::int64_t m_best;
};

/// Index of the last of the highest scores, -1 when everything is removed already. Nothing when
/// stopped.
std::optional<std::int64_t> lastBest(const ScoreReader& reader, RunControl& control) {
    std::int64_t best = -1;
    double highest = -1;
    const bool finished =
        forEachRun(reader, control, [&](std::int64_t begin, std::span<const double> scores) {
            for (std::size_t i = 0; i < scores.size(); ++i) {
                if (scores[i] < highest || scores[i] == kAlreadyRemoved) continue;
                highest = scores[i];
                best = begin + static_cast<std::int64_t>(i);
            }
        });
    if (!finished) return std::nullopt;
    return best;
}

Result<std::unique_ptr<ScoreReader>> candidates(const model::Snapshot& snapshot,
                                                const model::Layer& layer,
                                                const WeightRanking& ranking, std::uint64_t seed,
                                                RunControl& control) {
    auto input = scoreInput(snapshot, layer.id, seed);
    if (!input) return input.error();
    input->measured = ranking.measured(layer);
    auto reader = ranking.criterion().scores(*input, control);
    if (!reader) return kCancelled;
    const auto best = lastBest(*reader, control);
    if (!best) return kCancelled;
    return std::unique_ptr<ScoreReader>(std::make_unique<AllButTheBest>(std::move(reader), *best));
}

Error tooFew(double sparsity) {
    return {Error::Kind::Infeasible, "Cannot prune the whole model",
            cat("a sparsity of ", significant(100 * sparsity),
                "\u2009% would leave a layer without any weight"),
            "Ask for less"};
}

/// What goes from each layer when only base-removed weights go: those of the first layers first.
std::vector<std::int64_t> spendOnBase(std::span<const std::int64_t> baseRemoved,
                                      std::int64_t wanted) {
    std::vector<std::int64_t> removed;
    for (const std::int64_t base : baseRemoved) {
        removed.push_back(std::min(base, wanted));
        wanted -= removed.back();
    }
    return removed;
}

/// How many weights of each layer go, so that together they are round(sparsity * n).
Result<std::vector<std::int64_t>> spreadGlobally(const model::Snapshot& snapshot,
                                                 const std::vector<const model::Layer*>& layers,
                                                 const WeightRanking& ranking, std::uint64_t seed,
                                                 double sparsity, RunControl& control) {
    std::int64_t weights = 0;
    std::int64_t spare = 0;
    std::vector<std::int64_t> baseRemoved;
    for (const model::Layer* layer : layers) {
        weights += layer->weightCount;
        baseRemoved.push_back(snapshot.baseRemoved(layer->id));
        spare += std::max<std::int64_t>(layer->weightCount - baseRemoved.back() - 1, 0);
    }
    std::int64_t wanted = std::llround(sparsity * static_cast<double>(weights));
    for (const std::int64_t base : baseRemoved) wanted -= base;
    if (wanted <= 0)
        return spendOnBase(baseRemoved, std::llround(sparsity * static_cast<double>(weights)));
    if (wanted > spare) return tooFew(sparsity);

    std::vector<std::unique_ptr<ScoreReader>> owned;
    std::vector<const ScoreReader*> readers;
    for (const model::Layer* layer : layers) {
        auto reader = candidates(snapshot, *layer, ranking, seed, control);
        if (!reader) return reader.error();
        owned.push_back(std::move(reader).value());
        readers.push_back(owned.back().get());
    }
    const auto cut = lowest(readers, wanted, control);
    if (!cut) return kCancelled;
    auto taken = countTaken(readers, *cut, control);
    if (!taken) return kCancelled;
    for (std::size_t i = 0; i < layers.size(); ++i) (*taken)[i] += baseRemoved[i];
    return *taken;
}

}  // namespace

Result<Plan> withSparsityEverywhere(const model::Snapshot& snapshot, const Plan& plan,
                                    double sparsity, Scope scope, RunControl& control) {
    return withSparsityEverywhere(snapshot, plan, sparsity, scope, control, {});
}

Result<Plan> withSparsityEverywhere(const model::Snapshot& snapshot, const Plan& plan,
                                    double sparsity, Scope scope, RunControl& control,
                                    const ScoreCache& scores) {
    return guarded("Cannot prune the whole model", [&]() -> Result<Plan> {
        if (auto inRange = checkRule("the whole model", WeightRule::sparsity(sparsity)); !inRange) {
            return inRange.error();
        }
        if (scope == Scope::SameKind) {
            return Error{Error::Kind::BadArgument, "Cannot prune the whole model",
                         "the scope same-kind is for channels", "Use layer or global"};
        }
        const auto ranking = WeightRanking::make(snapshot, plan, scores);
        if (!ranking) return ranking.error();
        Plan result = plan;
        const auto layers = layersToPrune(snapshot, plan, *ranking);
        if (scope == Scope::Layer) {
            for (const model::Layer* layer : layers)
                result.weights[layer->name] = WeightRule::sparsity(sparsity);
            return result;
        }
        const auto removed =
            spreadGlobally(snapshot, layers, *ranking, plan.seed, sparsity, control);
        if (!removed) return removed.error();
        for (std::size_t i = 0; i < layers.size(); ++i) {
            // Rounding gives the count back: the quotient is off by far less than half a weight.
            const double share =
                static_cast<double>((*removed)[i]) / static_cast<double>(layers[i]->weightCount);
            result.weights[layers[i]->name] = WeightRule::sparsity(share);
        }
        return result;
    });
}

}  // namespace espalier::prune
