// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ops/ones_like.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/channels/other_weights_torch.h"
#include "core/measure/criterion_scores.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/channel_scores.h"
#include "core/train/staged_plan_torch.h"

namespace espalier::train {
namespace {

using prune::WeightRule;

/// By group, then by channel, the sum of the movement scores over all that computes the channel.
std::vector<std::vector<double>> channelScores(const channels::ChannelGroups& groups,
                                               const Movement& movement) {
    std::vector<std::vector<double>> all;
    for (const channels::Group& group : groups.groups()) {
        std::vector<double> sums(static_cast<std::size_t>(group.width), 0);
        for (const channels::Member& member : group.members) {
            const at::Tensor scores = movement.scores(member.parameter);
            if (member.role != channels::Role::Producer || !scores.defined()) continue;
            const at::Tensor positions = scores.to(at::kCPU, at::kDouble)
                                             .movedim(member.axis, 0)
                                             .reshape({scores.size(member.axis), -1})
                                             .sum(1);
            const double* sum = positions.const_data_ptr<double>();
            for (std::int64_t c = 0; c < group.width; ++c) {
                for (const std::int64_t position : member.of(c))
                    sums[static_cast<std::size_t>(c)] += sum[position];
            }
        }
        all.push_back(std::move(sums));
    }
    return all;
}

/// `kept` (undefined: all) without its lowest `scores`, so that `left` remain; ties by index.
at::Tensor withoutLowest(const at::Tensor& kept, const at::Tensor& scores, std::int64_t left) {
    at::Tensor ranked = scores.to(at::kCPU, at::kDouble).flatten();
    if (kept.defined()) {
        ranked = ranked.masked_fill(kept.flatten().logical_not(),
                                    -std::numeric_limits<double>::infinity());
    }
    const at::Tensor order = ranked.argsort(/*stable=*/true, /*dim=*/0, /*descending=*/false);
    at::Tensor stays = at::ones_like(ranked, at::kBool);
    stays.index_fill_(0, order.slice(0, 0, ranked.numel() - left), false);
    return stays.reshape(scores.sizes());
}

}  // namespace

StagedPlan::StagedPlan(const model::Snapshot& snapshot, prune::Plan plan, prune::MasksPtr whole,
                       ScoredWith scoredWith)
    : m_snapshot(snapshot),
      m_plan(std::move(plan)),
      m_whole(std::move(whole)),
      m_scoredWith(std::move(scoredWith)) {}

double StagedPlan::sparsityAt(const Stage& stage, const model::Layer& layer) const {
    const double end = m_whole->sparsityOfLeft(layer.id);
    if (stage.isLast) return end;
    const double base = static_cast<double>(m_snapshot.baseRemoved(layer.id)) /
                        static_cast<double>(layer.weightCount);
    if (end <= base) return end;
    return base + (end - base) * stage.share((end - base) / (1 - base));
}

std::vector<const model::Layer*> StagedPlan::layersWithRule() const {
    std::vector<const model::Layer*> layers;
    for (const model::Layer& layer : m_snapshot.layers()) {
        if (m_plan.weights.contains(layer.name) && !m_plan.locked.contains(layer.name))
            layers.push_back(&layer);
    }
    return layers;
}

prune::Plan StagedPlan::rulesAt(const Stage& stage, bool withSparsities) const {
    prune::Plan rules = m_plan;
    rules.weights.clear();
    for (const model::Layer* layer : layersWithRule()) {
        const WeightRule& rule = m_plan.weights.at(layer->name);
        if (rule.kind == WeightRule::Kind::Pattern) {
            if (stage.isLast) rules.weights.emplace(layer->name, rule);
        } else if (const double sparsity = sparsityAt(stage, *layer);
                   withSparsities && sparsity > 0) {
            rules.weights.emplace(layer->name, WeightRule::sparsity(sparsity));
        }
    }
    return rules;
}

Result<prune::ScoreCache> StagedPlan::measured(const prune::Plan& plan,
                                               const model::SnapshotPtr& now,
                                               RunControl& control) const {
    prune::ScoreCache cache;
    for (const prune::ScoreKey& key : prune::scoresNeeded(*now, plan)) {
        auto scores = measure::measureScores(
            now, m_scoredWith.dataset,
            {.key = key, .device = m_scoredWith.device, .metrics = m_scoredWith.metrics}, {},
            control);
        if (!scores) return scores.error();
        cache.add(*scores);
    }
    return cache;
}

Result<prune::ChannelChoicePtr> StagedPlan::channelsByCriterion(const Stage& stage,
                                                                const model::SnapshotPtr& now,
                                                                const prune::MasksPtr& before,
                                                                const prune::ScoreCache& measured,
                                                                RunControl& control) const {
    const prune::ChannelChoicePtr& whole = m_whole->channels();
    if (!whole) return prune::ChannelChoicePtr();
    prune::ChannelScoresPtr scores;
    if (!m_plan.channels.empty()) {
        const auto groups = channels::withWeightsOf(*whole->groups, now);
        auto found = prune::channelScores(*groups, prune::scoreOptions(m_plan), control, measured);
        if (!found) return found.error();
        scores = *found;
    }
    using Scores = std::vector<std::vector<double>>;
    return stagedChannels(*whole, m_plan, scores ? scores->groups : Scores(),
                          before ? before->channels().get() : nullptr, stage.share);
}

Result<prune::MasksPtr> StagedPlan::byCriterion(const Stage& stage, const model::SnapshotPtr& now,
                                                const prune::MasksPtr& before,
                                                RunControl& control) const {
    prune::Plan rules = rulesAt(stage, true);
    const auto scores = measured(rules, now, control);
    if (!scores) return scores.error();
    const auto channels = channelsByCriterion(stage, now, before, *scores, control);
    if (!channels) return channels.error();
    rules.channels.clear();  // they are chosen
    rules.marks.clear();
    return prune::resolve(*now, rules, *channels, m_whole, control, *scores);
}

Result<prune::MasksPtr> StagedPlan::byMovement(const Stage& stage, const model::SnapshotPtr& now,
                                               const Movement& movement,
                                               RunControl& control) const {
    prune::ChannelChoicePtr channels;
    if (const prune::ChannelChoicePtr& whole = m_whole->channels()) {
        auto choice = stagedChannels(*whole, m_plan, channelScores(*whole->groups, movement),
                                     nullptr, stage.share);
        if (!choice) return choice.error();
        channels = *choice;
    }
    prune::Plan patterns = rulesAt(stage, false);
    patterns.channels.clear();  // they are chosen
    patterns.marks.clear();
    const auto scores = measured(patterns, now, control);
    if (!scores) return scores.error();
    const auto resolved = prune::resolve(*now, patterns, channels, m_whole, control, *scores);
    if (!resolved) return resolved.error();

    auto state = std::make_shared<prune::MaskState>((*resolved)->state());
    for (const model::Layer* layer : layersWithRule()) {
        const at::Tensor ranked = movement.scores(layer->name);
        if (!ranked.defined()) continue;
        if (m_plan.weights.at(layer->name).kind == WeightRule::Kind::Pattern) continue;
        const std::size_t place = layer->id.index();
        const std::int64_t there =
            state->channels ? state->cut.weights.at(place) : layer->weightCount;
        const std::int64_t left =
            there - std::llround(sparsityAt(stage, *layer) * static_cast<double>(there));
        if (layer->weightCount - left <= state->layers[place]->removed) continue;
        auto mask = std::make_shared<prune::LayerMask>();
        mask->kept = withoutLowest(state->layers[place]->kept, ranked, left);
        mask->removed = layer->weightCount - left;
        state->layers[place] = std::move(mask);
    }
    return prune::MasksPtr(std::make_shared<const prune::Masks>(std::move(state)));
}

}  // namespace espalier::train
