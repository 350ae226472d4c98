// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/masks.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include <ATen/ops/count_nonzero.h>
#include <ATen/ops/ones.h>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/channel_members_torch.h"
#include "core/prune/masks_torch.h"
#include "core/prune/rule_masks_torch.h"
#include "core/prune/weight_ranking_torch.h"

namespace espalier::prune {

namespace {

using LayerMaskPtr = std::shared_ptr<const LayerMask>;

/// What resolving knows of the channels that go.
struct ChannelPart {
    ChannelChoicePtr choice;                         // null: none go
    std::map<std::string, AxisPositions> positions;  // by parameter: what stays
    std::map<std::string, std::vector<std::int64_t>> shapes;

    const AxisPositions& of(const std::string& parameter) const {
        static const AxisPositions kWhole;
        const auto found = positions.find(parameter);
        return found == positions.end() ? kWhole : found->second;
    }
};

ChannelPart channelPart(const ChannelChoicePtr& choice) {
    ChannelPart part;
    if (!choice || choice->isWhole()) return part;
    part.choice = choice;
    const channels::KeptChannels kept = choice->kept();
    for (const CutTensor& tensor : cutTensors(*choice->groups)) {
        if (!tensor.isParameter) continue;
        auto positions = positionsKept(tensor, *choice->groups, kept);
        if (positions.empty()) continue;
        part.positions.emplace(tensor.path, std::move(positions));
        part.shapes.emplace(tensor.path, tensor.shape);
    }
    return part;
}

std::string textOf(const AxisPositions& positions) {
    std::string text;
    for (const auto& [axis, stay] : positions) {
        text += cat("|axis ", axis, ":");
        text.append(reinterpret_cast<const char*>(stay.data()), stay.size() * sizeof(stay[0]));
    }
    return text.empty() ? text : sha256(text);
}

/// Everything a mask depends on: weights, layer, channels, rule, criterion and, where chance
/// decides, the seed.
std::string keyOf(const model::Snapshot& snapshot, const model::Layer& layer, const Plan& plan,
                  const WeightRule* rule, const AxisPositions& positions) {
    std::string key = cat(snapshot.weightsHash(), "|", layer.name, "|", textOf(positions), "|");
    if (!rule) return key + "base";
    key +=
        cat(static_cast<int>(rule->kind), " ", std::hex, std::bit_cast<std::uint64_t>(rule->value),
            " ", rule->keep, ":", rule->group, "|", plan.weightCriterion);
    if (plan.weightCriterion == "random") key += cat("|", plan.seed);
    const auto criterion = findWeightCriterion(plan.weightCriterion);
    if (criterion && criterion->isMeasured()) {
        const ScoreKey scores = scoreKey(snapshot, plan, plan.weightCriterion);
        key += cat("|", scores.data, "|", scores.seed);
    }
    return key;
}

const WeightRule* activeRule(const Plan& plan, const model::Layer& layer) {
    const auto rule = plan.weights.find(layer.name);
    return rule == plan.weights.end() || plan.locked.contains(layer.name) ? nullptr : &rule->second;
}

/// σ is of the weights alone: its rules look at |w| whatever the criterion.
bool ranksBySigma(const WeightRule* rule) {
    return rule && rule->kind == WeightRule::Kind::Sigma;
}

/// What resolving looks at in every layer.
struct Basis {
    const model::Snapshot& snapshot;
    const Plan& plan;
    const WeightRanking* ranking;  // null: no rule ranks
    const MasksPtr& previous;
    RunControl& control;
};

Error nothingLeft(const model::Layer& layer, const WeightRule& rule, std::int64_t count) {
    return {
        Error::Kind::Infeasible, cat("Cannot prune ", layer.name),
        cat("the rule \"", describe(rule), "\" would remove all ", exactCount(count), " weights"),
        "Use a lower value, or lock this layer"};
}

std::int64_t zerosOf(const at::Tensor& mask) {
    return mask.defined() ? mask.numel() - at::count_nonzero(mask).item<std::int64_t>() : 0;
}

/// The weight that the rule acts on: what the channels leave.
RuledWeight leftOf(const model::Snapshot& snapshot, const model::Layer& layer,
                   const AxisPositions& positions, const WeightScores& measured) {
    RuledWeight left{
        layer, model::weight(snapshot, layer.id), {}, snapshot.baseRemoved(layer.id), measured};
    if (left.baseRemoved > 0) left.baseMask = snapshot.state().baseMasks[layer.id.index()];
    if (positions.empty()) return left;
    left.weight = sliced(left.weight, positions);
    if (measured.isDefined()) left.measured.values = sliced(measured.values, positions);
    if (measured.rows.defined()) left.measured.rows = sliced(measured.rows, positions);
    if (!left.baseMask.defined()) return left;
    left.baseMask = sliced(left.baseMask, positions);
    left.baseRemoved = zerosOf(left.baseMask);
    return left;
}

/// The mask of what is left, before it is seen in the whole weight.
Result<RuledMask> ruledMask(const RuledWeight& left, const Plan& plan, const WeightRule* rule,
                            RunControl& control) {
    RuledMask mask{left.baseMask, left.baseRemoved};
    const std::int64_t count = left.weight.numel();
    if (!rule || left.baseRemoved >= count) return mask;
    auto ruled = applyRule(left, *rule, plan.weightCriterion, plan.seed, control);
    if (!ruled) return ruled;
    if (ruled->removed == count) return nothingLeft(left.layer, *rule, count);
    return ruled->removed > left.baseRemoved ? *ruled : mask;
}

Result<LayerMaskPtr> maskOf(const Basis& basis, const model::Layer& layer,
                            const AxisPositions& positions) {
    const model::Snapshot& snapshot = basis.snapshot;
    const WeightRule* rule = activeRule(basis.plan, layer);
    const bool isRanked = rule && !ranksBySigma(rule);
    // What the criterion says nothing about is left alone, never guessed.
    if (isRanked && !basis.ranking->whyNot(layer).empty()) rule = nullptr;
    LayerMask mask;
    mask.key = keyOf(snapshot, layer, basis.plan, rule, positions);
    if (basis.previous && layer.id.index() < basis.previous->state().layers.size()) {
        const LayerMaskPtr& earlier = basis.previous->state().layers[layer.id.index()];
        if (earlier->key == mask.key) return earlier;
    }
    if (!rule && positions.empty()) {
        mask.removed = snapshot.baseRemoved(layer.id);
        if (mask.removed > 0) mask.kept = snapshot.state().baseMasks[layer.id.index()];
        return std::make_shared<const LayerMask>(std::move(mask));
    }
    const RuledWeight left =
        leftOf(snapshot, layer, positions,
               rule && isRanked ? basis.ranking->measured(layer) : WeightScores());
    const auto ruled = ruledMask(left, basis.plan, rule, basis.control);
    if (!ruled) return ruled.error();
    mask.kept = ruled->removed > 0 ? ruled->kept : at::Tensor();
    mask.removed = layer.weightCount - (left.weight.numel() - ruled->removed);
    if (!positions.empty()) {
        const at::Tensor part =
            mask.kept.defined() ? mask.kept : at::ones(left.weight.sizes(), at::kBool);
        mask.kept = scattered(part, positions, layer.shape, false);
    }
    return std::make_shared<const LayerMask>(std::move(mask));
}

OtherMasks otherMasks(const model::Snapshot& snapshot, const ChannelPart& channels) {
    OtherMasks masks = snapshot.state().otherBaseMasks;
    for (const auto& [path, positions] : channels.positions) {
        if (snapshot.find(path)) continue;
        auto left = channels.shapes.at(path);
        for (const auto& [axis, stay] : positions)
            left[static_cast<std::size_t>(axis)] = std::ssize(stay);
        auto stays =
            scattered(at::ones(left, at::kBool), positions, channels.shapes.at(path), false);
        const auto [known, isNew] = masks.try_emplace(path, stays);
        if (!isNew) known->second = known->second.logical_and(stays);
    }
    return masks;
}

Result<void> addCosts(MaskState& state, const MasksPtr& previous) {
    if (!state.channels) return {};
    if (previous && previous->channels() &&
        previous->channels()->groups == state.channels->groups) {
        state.costs = previous->state().costs;
    } else {
        auto costs = channelCosts(state.channels->groups);
        if (!costs) return costs.error();
        state.costs = *costs;
    }
    state.cut = state.costs->after(state.channels->kept());
    return {};
}

/// Nothing when no rule looks at scores. Errors: those of WeightRanking::make.
Result<std::optional<WeightRanking>> rankingFor(const model::Snapshot& snapshot, const Plan& plan,
                                                const ScoreCache& scores) {
    using Ranking = std::optional<WeightRanking>;
    const bool isNeeded = std::ranges::any_of(snapshot.layers(), [&](const model::Layer& layer) {
        const WeightRule* rule = activeRule(plan, layer);
        return rule && !ranksBySigma(rule);
    });
    if (!isNeeded) return Ranking();
    auto ranking = WeightRanking::make(snapshot, plan, scores);
    if (!ranking) return ranking.error();
    return Ranking(std::move(*ranking));
}

Result<MasksPtr> resolved(const Basis& basis, const ChannelPart& channels) {
    const auto& [snapshot, plan, ranking, previous, control] = basis;
    auto state = std::make_shared<MaskState>();
    for (const model::Layer& layer : snapshot.layers()) {
        if (!control.keepGoing()) return Error{Error::Kind::Cancelled, "Stopped", "", ""};
        auto mask = maskOf(basis, layer, channels.of(layer.name));
        if (!mask) return mask.error();
        state->layers.push_back(*mask);
        state->weightCounts.push_back(layer.weightCount);
    }
    state->others = otherMasks(snapshot, channels);
    state->channels = channels.choice;
    if (auto added = addCosts(*state, previous); !added) return added.error();
    return std::make_shared<const Masks>(std::move(state));
}

}  // namespace

Masks::Masks(std::shared_ptr<const MaskState> state) : m_state(std::move(state)) {}

std::int64_t Masks::removed(model::LayerId layer) const {
    return m_state->layers.at(layer.index())->removed;
}

double Masks::sparsity(model::LayerId layer) const {
    const std::int64_t count = m_state->weightCounts.at(layer.index());
    return count == 0 ? 0 : static_cast<double>(removed(layer)) / static_cast<double>(count);
}

double Masks::sparsityOfLeft(model::LayerId layer) const {
    if (!m_state->channels) return sparsity(layer);
    const std::int64_t left = m_state->cut.weights.at(layer.index());
    const std::int64_t kept = m_state->weightCounts.at(layer.index()) - removed(layer);
    return left == 0 ? 0 : 1 - static_cast<double>(kept) / static_cast<double>(left);
}

std::int64_t Masks::removed() const {
    std::int64_t sum = 0;
    for (const LayerMaskPtr& layer : m_state->layers) sum += layer->removed;
    return sum;
}

const at::Tensor& keptMask(const Masks& masks, model::LayerId layer) {
    return masks.state().layers.at(layer.index())->kept;
}

const ChannelChoicePtr& Masks::channels() const {
    return m_state->channels;
}

Result<MasksPtr> resolve(const model::Snapshot& snapshot, const Plan& plan,
                         const MasksPtr& previous, RunControl& control, const ScoreCache& scores) {
    return resolve(snapshot, plan, nullptr, previous, control, scores);
}

Result<MasksPtr> resolve(const model::Snapshot& snapshot, const Plan& plan,
                         const ChannelChoicePtr& channels, const MasksPtr& previous,
                         RunControl& control, const ScoreCache& scores) {
    return guarded("Cannot resolve the plan", [&]() -> Result<MasksPtr> {
        if (auto checked = check(plan, snapshot); !checked) return checked.error();
        if (plan.hasChannels() && !channels) {
            return Error{Error::Kind::BadArgument, "Cannot resolve the plan",
                         "its channel rules need the model's channel groups",
                         "Wait until the groups are found"};
        }
        const auto ranking = rankingFor(snapshot, plan, scores);
        if (!ranking) return ranking.error();
        return resolved({snapshot, plan, *ranking ? &**ranking : nullptr, previous, control},
                        channelPart(channels));
    });
}

torch::jit::Module maskedModule(const model::Snapshot& snapshot, const Masks& masks) {
    torch::jit::Module module = model::cloneModule(snapshot.state().module);
    for (const model::Layer& layer : snapshot.layers()) {
        const at::Tensor& kept = keptMask(masks, layer.id);
        // Filled, not multiplied: -0 and NaN become 0 as well. Detached, as leaf parameters refuse
        // in-place writes.
        if (kept.defined())
            model::parameterAt(module, layer.name).detach().masked_fill_(kept.logical_not(), 0);
    }
    for (const auto& [path, kept] : masks.state().others)
        model::parameterAt(module, path).detach().masked_fill_(kept.logical_not(), 0);
    return module;
}

}  // namespace espalier::prune
