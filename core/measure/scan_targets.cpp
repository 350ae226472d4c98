// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/scan_targets_torch.h"

#include <algorithm>
#include <set>

#include "core/base/format.h"
#include "core/prune/channel_criterion.h"
#include "core/prune/criterion.h"

namespace espalier::measure {

namespace {

constexpr auto kScanning = "Cannot scan the sensitivity";

ScanTarget targetOf(const channels::Group& group) {
    std::set<std::string> parameters;
    for (const auto& member : group.members) parameters.insert(member.parameter);
    return {group.key, {parameters.begin(), parameters.end()}};
}

Error measuredError(const prune::CriterionInfo& criterion) {
    return {Error::Kind::BadArgument, kScanning,
            cat("the criterion ", criterion.name, " is measured on data, which a scan does not do"),
            "Choose one of the weights alone: magnitude, lamp or random; l1, l2, bn_scale, fpgm or "
            "random for channels"};
}

}  // namespace

Result<ScanTargets> ScanTargets::find(const model::Snapshot& snapshot,
                                      const channels::ChannelGroupsPtr& groups,
                                      const ScanOptions& options, RunControl& control) {
    ScanTargets targets(snapshot, options);
    targets.m_groups = groups;
    auto base = prune::resolve(snapshot, targets.emptyPlan(), nullptr, control);
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
    const auto criterion = prune::findWeightCriterion(m_options->criterionName());
    if (!criterion) return criterion.error();
    if (criterion->isMeasured()) return measuredError(*criterion);
    for (const auto& layer : m_snapshot->layers()) {
        if (layer.prunable.weights) m_targets.push_back({layer.name, {layer.name}});
    }
    if (!m_targets.empty()) return {};
    return Error{Error::Kind::Infeasible, kScanning, "the model has no weights that can be pruned",
                 "\"inspect\" says why for each layer"};
}

Result<void> ScanTargets::findGroups(RunControl& control) {
    if (!m_groups) {
        return Error{Error::Kind::BadArgument, kScanning, "the channel groups are not known",
                     "Wait until they are found"};
    }
    const auto criterion = prune::findChannelCriterion(m_options->criterionName());
    if (!criterion) return criterion.error();
    if (criterion->isMeasured()) return measuredError(*criterion);
    prune::ChannelScoreOptions ranking;
    ranking.criterion = m_options->criterionName();
    ranking.seed = m_options->seed;
    auto scores = prune::channelScores(*m_groups, ranking, control);
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
                 "\"inspect\" says why for each layer; scan weights instead"};
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
                     "\"inspect\" lists the names"};
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
    auto masks = prune::resolve(*m_snapshot, plan, choice, m_base, control);
    if (!masks && masks.error().kind == Error::Kind::Infeasible) return prune::MasksPtr();
    return masks;
}

}  // namespace espalier::measure
