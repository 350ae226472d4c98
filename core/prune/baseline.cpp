// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/baseline.h"

#include <algorithm>
#include <utility>

namespace espalier::prune {

namespace {

// Shares are rounded to whole weights, and a goal is reached nearly: the largest layer makes up for
// what is missing, so that neither plan is the smaller one.
void reachExactly(Plan& plan, const model::Snapshot& snapshot, std::int64_t nonzeros) {
    const auto removed = expectedRemoved(snapshot, plan, uncut(snapshot), nullptr);
    const std::int64_t tooMany = nonzeros - footprint(snapshot, removed).nonzeros;
    const model::Layer* largest = nullptr;
    for (const model::Layer& layer : snapshot.layers()) {
        const bool isRuled = plan.weights.contains(layer.name);
        if (isRuled && (!largest || layer.weightCount > largest->weightCount)) largest = &layer;
    }
    if (!largest) return;
    const std::int64_t count = std::clamp<std::int64_t>(removed[largest->id.index()] - tooMany, 0,
                                                        largest->weightCount - 1);
    plan.weights[largest->name] = WeightRule::sparsity(static_cast<double>(count) /
                                                       static_cast<double>(largest->weightCount));
}

}  // namespace

Result<Plan> uniformBaseline(const model::Snapshot& snapshot, const Plan& plan,
                             const Footprint& left, const ChannelFacts& channels,
                             const ScoreCache& scores, RunControl& control) {
    if (plan.weights.empty() && !plan.hasChannels()) {
        return Error{Error::Kind::BadArgument, "Cannot make a uniform baseline",
                     "the plan removes nothing", "Prune first, then compare with uniform"};
    }
    const Footprint dense = denseFootprint(snapshot);
    const bool hasWeights = !plan.weights.empty();
    Plan base = plan;
    base.weights.clear();
    if (!hasWeights) {
        base.channels.clear();
        base.marks.clear();
    }
    Goal goal;
    goal.quantity = hasWeights ? Quantity::NonZeros : Quantity::Parameters;
    goal.target =
        hasWeights ? static_cast<double>(left.nonzeros) / static_cast<double>(dense.nonzeros)
                   : static_cast<double>(left.parameters) / static_cast<double>(dense.parameters);
    GoalOptions options;
    options.structure = hasWeights ? Structure::Weights : Structure::Channels;
    options.allocation = Allocation::Uniform;
    options.scores = scores;
    auto made = planFor(goal, options, snapshot, base, channels, control);
    if (!made) return made.error();
    if (hasWeights && !plan.hasChannels()) reachExactly(made->plan, snapshot, left.nonzeros);
    return std::move(made->plan);
}

}  // namespace espalier::prune
