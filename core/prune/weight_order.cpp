// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/weight_order.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/format.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/selection.h"
#include "core/prune/weight_ranking_torch.h"

namespace espalier::prune {

namespace {

constexpr std::string_view kWhat = "Cannot rank the whole model";
const Error kCancelled{Error::Kind::Cancelled, "Stopped", "", ""};

}  // namespace

Result<WeightOrderPtr> WeightOrder::make(const model::Snapshot& snapshot, const Plan& plan,
                                         const ScoreCache& scores, RunControl& control) {
    return guarded(kWhat, [&]() -> Result<WeightOrderPtr> {
        const auto ranking = WeightRanking::make(snapshot, plan, scores);
        if (!ranking) return ranking.error();
        auto order = std::make_shared<WeightOrder>();
        for (const model::Layer* layer : layersToPrune(snapshot, plan, *ranking)) {
            auto input = scoreInput(snapshot, layer->id, plan.seed);
            if (!input) return input.error();
            input->measured = ranking->measured(*layer);
            const auto reader = ranking->criterion().scores(*input, control);
            if (!reader) return kCancelled;
            Layer sorted{layer->name, layer->weightCount, snapshot.baseRemoved(layer->id), {}};
            sorted.scores.reserve(static_cast<std::size_t>(layer->weightCount));
            const bool isRead =
                forEachRun(*reader, control, [&](std::int64_t, std::span<const double> run) {
                    for (const double score : run) {
                        if (score != kAlreadyRemoved)
                            sorted.scores.push_back(static_cast<float>(score));
                    }
                });
            if (!isRead) return kCancelled;
            std::ranges::sort(sorted.scores);
            order->m_weights += sorted.count;
            order->m_layers.push_back(std::move(sorted));
        }
        return WeightOrderPtr(std::move(order));
    });
}

std::int64_t WeightOrder::Layer::removedUpTo(float score) const {
    const auto lower = std::ranges::upper_bound(scores, score) - scores.begin();
    return std::min(baseRemoved + lower, std::max(count - 1, baseRemoved));
}

std::int64_t WeightOrder::removedUpTo(float score) const {
    std::int64_t removed = 0;
    for (const Layer& layer : m_layers) removed += layer.removedUpTo(score);
    return removed;
}

Result<Plan> WeightOrder::withSparsity(const Plan& plan, double sparsity) const {
    const std::int64_t wanted = std::llround(sparsity * static_cast<double>(m_weights));
    // No score is negative, so that their bits are ordered as they are.
    std::uint32_t low = 0;
    std::uint32_t high = std::bit_cast<std::uint32_t>(std::numeric_limits<float>::infinity());
    const auto isEnough = [&](std::uint32_t bits) {
        return removedUpTo(std::bit_cast<float>(bits)) >= wanted;
    };
    if (!isEnough(high)) {
        return Error{
            Error::Kind::Infeasible, std::string(kWhat),
            cat("a sparsity of ", percent(sparsity), " would leave a layer without any weight"),
            "Ask for less"};
    }
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        isEnough(middle) ? high = middle : low = middle + 1;
    }
    Plan result = plan;
    for (const Layer& layer : m_layers) {
        const std::int64_t removed =
            wanted == 0 ? 0 : layer.removedUpTo(std::bit_cast<float>(high));
        result.weights[layer.name] =
            WeightRule::sparsity(static_cast<double>(removed) / static_cast<double>(layer.count));
    }
    return result;
}

}  // namespace espalier::prune
