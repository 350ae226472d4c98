// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/scan_targets_torch.h"

#include <algorithm>
#include <set>

#include "core/base/format.h"
#include "core/prune/weight_ranking_torch.h"

namespace espalier::measure {

namespace {

constexpr auto kScanning = "Cannot scan the sensitivity";

ScanTarget targetOf(const channels::Group& group) {
    std::set<std::string> parameters;
    for (const auto& member : group.members) parameters.insert(member.parameter);
    return {group.key, {parameters.begin(), parameters.end()}};
}

}  // namespace

Result<ScanTargets> ScanTargets::find(const model::Snapshot& snapshot,
                                      const channels::ChannelGroupsPtr& groups,
                                      const ScanOptions& options, RunControl& control) {
    ScanTargets targets(snapshot, options);
    targets.m_groups = groups;
    auto base = prune::resolve(snapshot, targets.emptyPlan(), nullptr, control, options.scores);
    if (!base) return base.error();
    targets.m_base = *base;
    const bool isOfWeights = options.structure == Structure::Weights;
    if (auto found = isOfWeights ? targets.findWeights() : targets.findGroups(control); !found) {
        return found.error();
    }
    if (auto known = targets.restrict(); !known) return known.error();
    return targets;
}

Result<void> ScanTargets::findWeights() {
    const prune::Plan plan = emptyPlan();
    const auto ranking = prune::WeightRanking::make(*m_snapshot, plan, m_options->scores);
    if (!ranking) return ranking.error();
    for (const model::Layer* layer : prune::layersToPrune(*m_snapshot, plan, *ranking))
        m_targets.push_back({layer->name, {layer->name}});
    const auto prunable = std::ranges::count_if(
        m_snapshot->layers(), [](const model::Layer& layer) { return layer.prunable.weights; });
    if (const auto left = prunable - std::ssize(m_targets); left > 0) {
        m_notes.push_back(cat(plan.weightCriterion, " ranks nothing within ", left,
                              left == 1 ? " weight: it is" : " weights: they are", " not scanned"));
    }
    if (!m_targets.empty()) return {};
    return Error{Error::Kind::Infeasible, kScanning, "the model has no weights that can be pruned",
                 "The list of layers says why (espalier-cli inspect)"};
}

Result<void> ScanTargets::findGroups(RunControl& control) {
    if (!m_groups) {
        return Error{Error::Kind::BadArgument, kScanning, "the channel groups are not known",
                     "Wait until they are found"};
    }
    auto scores = prune::channelScores(*m_groups, prune::scoreOptions(emptyPlan()), control,
                                       m_options->scores);
    if (!scores) return scores.error();
    m_scores = *scores;
    int inexact = 0;
    for (const auto& group : m_groups->groups()) {
        if (group.locked || m_scores->groups[group.id.index()].empty()) continue;
        if (!group.exact) ++inexact;
        m_targets.push_back(targetOf(group));
    }
    if (inexact > 0) {
        m_notes.push_back(cat(inexact, inexact == 1 ? " group is" : " groups are",
                              " measured masked, but cut computes something else: statistics run "
                              "over the channels"));
    }
    if (!m_targets.empty()) return {};
    return Error{Error::Kind::Infeasible, kScanning,
                 "the model has no channel group that can lose channels",
                 "The list of layers says why (espalier-cli inspect); scan weights instead"};
}

/// To what was asked for, that first which is to come first.
Result<void> ScanTargets::restrict() {
    auto wanted = m_options->only;
    if (!m_options->first.empty()) wanted.push_back(m_options->first);
    for (const auto& name : wanted) {
        if (std::ranges::find(m_targets, name, &ScanTarget::name) != m_targets.end()) continue;
        return Error{Error::Kind::BadArgument, kScanning,
                     cat("there is no prunable ",
                         m_options->structure == Structure::Weights ? "weight" : "channel group",
                         " named ", name),
                     "Take a name from the list of layers (espalier-cli inspect)"};
    }
    if (m_options->only.empty()) return {};
    std::erase_if(m_targets, [this](const ScanTarget& target) {
        return std::ranges::find(m_options->only, target.name) == m_options->only.end();
    });
    return {};
}

prune::Plan ScanTargets::emptyPlan() const {
    prune::Plan plan = prune::emptyPlan(*m_snapshot);
    plan.seed = m_options->seed;
    plan.data = m_options->rankedOn;
    if (m_options->structure == Structure::Weights) {
        plan.weightCriterion = m_options->criterionName();
    } else {
        plan.channelDefaults.criterion = m_options->criterionName();
        plan.channelDefaults.heads = m_groups ? m_groups->headUnit() : channels::HeadUnit::Most;
        plan.channelDefaults.floor = 0;
        plan.channelDefaults.allowInexact = true;
    }
    return plan;
}

Result<prune::MasksPtr> ScanTargets::masks(const ScanTarget& target, double sparsity,
                                           RunControl& control) const {
    prune::Plan plan = emptyPlan();
    prune::ChannelChoicePtr choice;
    if (m_scores) {
        plan.channels.emplace(target.name, prune::ChannelRule::ratio(sparsity));
        auto chosen = prune::chooseChannels(m_groups, plan, m_scores);
        if (!chosen && chosen.error().kind == Error::Kind::Infeasible) return prune::MasksPtr();
        if (!chosen) return chosen.error();
        choice = *chosen;
    } else {
        plan.weights.emplace(target.name, prune::WeightRule::sparsity(sparsity));
    }
    auto masks = prune::resolve(*m_snapshot, plan, choice, m_base, control, m_options->scores);
    if (!masks && masks.error().kind == Error::Kind::Infeasible) return prune::MasksPtr();
    return masks;
}

}  // namespace espalier::measure
