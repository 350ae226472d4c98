// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/masks.h"

#include <bit>
#include <cmath>

#include "core/base/format.h"
#include "core/model/snapshot_torch.h"
#include "core/model/weight_index.h"
#include "core/prune/criteria_torch.h"
#include "core/prune/masks_torch.h"
#include "core/prune/rule_masks_torch.h"

namespace espalier::prune {

namespace {

using LayerMaskPtr = std::shared_ptr<const LayerMask>;

/// Everything a mask depends on: weights, layer, rule, criterion and, where chance decides, the
/// seed.
std::string keyOf(const model::Snapshot& snapshot, const model::Layer& layer, const Plan& plan,
                  const WeightRule* rule) {
    std::string key = cat(snapshot.weightsHash(), "|", layer.name, "|");
    if (!rule) return key + "base";
    key +=
        cat(static_cast<int>(rule->kind), " ", std::hex, std::bit_cast<std::uint64_t>(rule->value),
            " ", rule->keep, ":", rule->group, "|", plan.weightCriterion);
    if (plan.weightCriterion == "random") key += cat("|", plan.seed);
    return key;
}

const WeightRule* activeRule(const Plan& plan, const model::Layer& layer) {
    const auto rule = plan.weights.find(layer.name);
    return rule == plan.weights.end() || plan.locked.contains(layer.name) ? nullptr : &rule->second;
}

Error nothingLeft(const model::Layer& layer, const WeightRule& rule) {
    return {Error::Kind::Infeasible, cat("Cannot prune ", layer.name),
            cat("the rule \"", describe(rule), "\" would remove all ",
                exactCount(layer.weightCount), " weights"),
            "Use a lower value, or lock this layer"};
}

Result<LayerMaskPtr> maskOf(const model::Snapshot& snapshot, const model::Layer& layer,
                            const Plan& plan, const MasksPtr& previous, RunControl& control) {
    const WeightRule* rule = activeRule(plan, layer);
    LayerMask mask;
    mask.key = keyOf(snapshot, layer, plan, rule);
    if (previous && layer.id.index() < previous->state().layers.size()) {
        const LayerMaskPtr& earlier = previous->state().layers[layer.id.index()];
        if (earlier->key == mask.key) return earlier;
    }
    const std::int64_t baseRemoved = snapshot.baseRemoved(layer.id);
    mask.removed = baseRemoved;
    if (baseRemoved > 0) mask.kept = snapshot.state().baseMasks[layer.id.index()];
    if (rule && baseRemoved < layer.weightCount) {
        auto ruled = applyRule(snapshot, layer.id, *rule, plan.weightCriterion, plan.seed, control);
        if (!ruled) return ruled.error();
        if (ruled->removed == layer.weightCount) return nothingLeft(layer, *rule);
        if (ruled->removed > baseRemoved) {
            mask.kept = ruled->kept;
            mask.removed = ruled->removed;
        }
    }
    return std::make_shared<const LayerMask>(std::move(mask));
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

std::int64_t Masks::removed() const {
    std::int64_t sum = 0;
    for (const LayerMaskPtr& layer : m_state->layers) sum += layer->removed;
    return sum;
}

const at::Tensor& keptMask(const Masks& masks, model::LayerId layer) {
    return masks.state().layers.at(layer.index())->kept;
}

Result<MasksPtr> resolve(const model::Snapshot& snapshot, const Plan& plan,
                         const MasksPtr& previous, RunControl& control) {
    return guarded("Cannot resolve the plan", [&]() -> Result<MasksPtr> {
        if (auto checked = check(plan, snapshot); !checked) return checked.error();
        auto state = std::make_shared<MaskState>();
        for (const model::Layer& layer : snapshot.layers()) {
            if (!control.keepGoing()) return Error{Error::Kind::Cancelled, "Stopped", "", ""};
            auto mask = maskOf(snapshot, layer, plan, previous, control);
            if (!mask) return mask.error();
            state->layers.push_back(*mask);
            state->weightCounts.push_back(layer.weightCount);
        }
        return std::make_shared<const Masks>(std::move(state));
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
    return module;
}

}  // namespace espalier::prune
