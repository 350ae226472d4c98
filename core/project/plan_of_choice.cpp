// SPDX-License-Identifier: GPL-3.0-or-later
// From what was asked for to a plan that says it per layer and group.
#include <algorithm>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/exchange/plan_file.h"
#include "core/project/task_support.h"
#include "core/prune/channel_criterion.h"
#include "core/prune/criterion.h"

namespace espalier::project {

namespace {

Result<prune::Plan> planFromFile(const model::Snapshot& snapshot,
                                 const std::filesystem::path& file) {
    auto plan = exchange::readPlan(file);
    if (!plan) return plan;
    if (auto fits = prune::check(*plan, snapshot); !fits) return fits.error();
    if (!prune::isForFile(*plan, snapshot)) {
        const std::string other = plan->modelFile.empty() ? "" : cat(" (", plan->modelFile, ")");
        log(LogLevel::Warning, cat(file.filename().string(), " was made for another file", other,
                                   "; its layers fit, so it is used"));
    }
    return plan;
}

/// One name may mean a criterion of weights, of channels, or both.
Result<void> setCriterion(prune::Plan& plan, const PruneChoice& choice) {
    if (choice.criterion.empty()) return {};
    const auto ofWeights = prune::findWeightCriterion(choice.criterion);
    const auto ofChannels = prune::findChannelCriterion(choice.criterion);
    if (ofWeights) plan.weightCriterion = choice.criterion;
    if (ofChannels) plan.channelDefaults.criterion = choice.criterion;
    const bool isUsed =
        (choice.takesWeights() && ofWeights) || (choice.takesChannels() && ofChannels);
    if (isUsed) return {};
    if (choice.takesChannels()) return ofChannels.error();
    if (choice.takesWeights()) return ofWeights.error();
    return Error{Error::Kind::BadArgument, "Cannot use the criterion " + choice.criterion,
                 "nothing is to be ranked", "Say how much goes (--weights, --channels, --goal)"};
}

Result<prune::Plan> withChannels(const channels::ChannelGroups& groups, const prune::Plan& plan,
                                 const PruneChoice& choice, const prune::ScoreCache& measured,
                                 RunControl& control) {
    const auto scores = prune::channelScores(groups, prune::scoreOptions(plan), control, measured);
    if (!scores) return scores.error();
    return prune::withChannelsEverywhere(groups, plan, *choice.channels,
                                         choice.scope.value_or(prune::Scope::Layer), *scores,
                                         choice.multipleOf);
}

/// How a goal is spread: as shares are.
Result<prune::Allocation> allocationOf(const PruneChoice& choice) {
    const bool isOfWeights = choice.structureOfGoal() == prune::Structure::Weights;
    const auto scope =
        choice.scope.value_or(isOfWeights ? prune::Scope::Global : prune::Scope::Layer);
    if (scope == prune::Scope::Layer) return prune::Allocation::Uniform;
    if (scope == prune::Scope::Global) return prune::Allocation::Global;
    return Error{Error::Kind::BadArgument, "Cannot spread the goal",
                 "a goal is spread over layers alike or by one ranking",
                 "Choose another scope: layer or global (--scope)"};
}

/// The plan that leaves as much as the goal says. `groups` is null for weights.
Result<prune::Plan> withGoal(const model::Snapshot& snapshot,
                             const channels::ChannelGroupsPtr& groups, const prune::Plan& plan,
                             const PruneChoice& choice, const prune::ScoreCache& measured,
                             RunControl& control) {
    const auto allocation = allocationOf(choice);
    if (!allocation) return allocation.error();
    prune::GoalOptions options;
    options.structure = choice.structureOfGoal();
    options.allocation = *allocation;
    options.multipleOf = choice.multipleOf;
    options.scores = measured;
    const auto target =
        prune::targetOf(choice.goal->amount, choice.goal->quantity, options.structure, snapshot);
    if (!target) return target.error();
    prune::ChannelFacts facts;
    if (options.structure == prune::Structure::Channels) {
        auto costs = prune::channelCosts(groups);
        if (!costs) return costs.error();
        auto scores = prune::channelScores(*groups, prune::scoreOptions(plan), control, measured);
        if (!scores) return scores.error();
        facts = {groups, *std::move(costs), *std::move(scores)};
    }
    auto made =
        prune::planFor({choice.goal->quantity, *target}, options, snapshot, plan, facts, control);
    if (!made) return made.error();
    if (std::ranges::all_of(made->shares, [](const auto& share) { return share.removed <= 0; }))
        log(LogLevel::Warning, "The goal is met already: nothing has to go for it");
    return std::move(made->plan);
}

}  // namespace

prune::Structure PruneChoice::structureOfGoal() const {
    const bool isOfWeights = goal && goal->quantity == prune::Quantity::NonZeros;
    return structure.value_or(isOfWeights ? prune::Structure::Weights : prune::Structure::Channels);
}

bool PruneChoice::takesWeights() const {
    return weights || (goal && structureOfGoal() == prune::Structure::Weights);
}

bool PruneChoice::takesChannels() const {
    return channels || (goal && structureOfGoal() == prune::Structure::Channels);
}

Result<prune::Plan> startPlan(const model::Snapshot& snapshot, const PruneChoice& choice) {
    if (!choice.planFile.empty()) {
        auto read = planFromFile(snapshot, choice.planFile);
        if (read && choice.seed) read->seed = *choice.seed;
        if (read && choice.allowInexact) read->channelDefaults.allowInexact = true;
        return read;
    }
    prune::Plan plan = prune::emptyPlan(snapshot);
    plan.seed = choice.seed.value_or(0);
    plan.channelDefaults.heads = choice.heads;
    plan.channelDefaults.allowInexact = choice.allowInexact;
    if (auto known = setCriterion(plan, choice); !known) return known.error();
    return plan;
}

Result<prune::Plan> withShares(const model::Snapshot& snapshot,
                               const channels::ChannelGroupsPtr& groups, prune::Plan plan,
                               const PruneChoice& choice, const prune::ScoreCache& scores,
                               RunControl& control) {
    if (choice.goal) return withGoal(snapshot, groups, plan, choice, scores, control);
    if (choice.channels && groups) {
        auto cut = withChannels(*groups, plan, choice, scores, control);
        if (!cut) return cut;
        plan = *cut;
    }
    if (!choice.weights) return plan;
    return prune::withSparsityEverywhere(snapshot, plan, *choice.weights,
                                         choice.scope.value_or(prune::Scope::Global), control,
                                         scores);
}

Result<std::optional<channels::HeadUnit>> headUnitFor(const PruneChoice& choice) {
    using Unit = std::optional<channels::HeadUnit>;
    if (choice.planFile.empty()) return choice.takesChannels() ? Unit(choice.heads) : Unit();
    const auto plan = exchange::readPlan(choice.planFile);
    if (!plan) return plan.error();
    return plan->hasChannels() ? Unit(plan->channelDefaults.heads) : Unit();
}

}  // namespace espalier::project
