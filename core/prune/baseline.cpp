// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/baseline.h"

#include <utility>

namespace espalier::prune {

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
    return std::move(made->plan);
}

}  // namespace espalier::prune
