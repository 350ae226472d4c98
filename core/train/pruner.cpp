// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/core/grad_mode.h>

#include "core/model/snapshot_torch.h"
#include "core/train/pruner_torch.h"

namespace espalier::train {
namespace {

/// By path, all that `masks` removes anything of.
prune::OtherMasks masksByPath(const model::Snapshot& snapshot, const prune::Masks& masks) {
    prune::OtherMasks byPath = masks.state().others;
    for (const model::Layer& layer : snapshot.layers()) {
        const at::Tensor& kept = prune::keptMask(masks, layer.id);
        if (kept.defined()) byPath.emplace(layer.name, kept);
    }
    return byPath;
}

/// Filled, not multiplied: -0 and NaN become 0 as well.
void zeroRemoved(const torch::jit::Module& module, const prune::OtherMasks& kept) {
    for (const auto& [path, mask] : kept) {
        at::Tensor weight = model::parameterAt(module, path).detach();
        weight.masked_fill_(mask.logical_not().to(weight.device()), 0);
    }
}

}  // namespace

Pruner::Pruner(const model::Snapshot& snapshot, const StagedPlan* plan, const Recipe& recipe,
               NamedValues rewindTo)
    : m_snapshot(snapshot), m_plan(plan), m_recipe(recipe), m_rewindTo(std::move(rewindTo)) {}

void Pruner::attach(torch::jit::Module module, TrainingStep& step, const Timetable& timetable) {
    m_module = std::move(module);
    m_step = &step;
    m_timetable = timetable;
    if (!m_plan || !timetable.schedule().byMovement) return;
    std::vector<std::string> scored;
    for (const model::Layer& layer : m_snapshot.layers()) {
        if (prune::keptMask(*m_plan->whole(), layer.id).defined()) scored.push_back(layer.name);
    }
    std::vector<std::string> others;
    for (const auto& [path, kept] : m_plan->whole()->state().others) others.push_back(path);
    m_movement.emplace(m_module, scored, others);
    m_step->setAfterBackward([this](double lr) {
        if (m_movement) m_movement->gather(lr);
    });
}

Result<void> Pruner::beginRound(int round, RunControl& control) {
    const ScheduleKind& schedule = m_timetable->schedule();
    // By steps nothing goes before the first of them.
    if (m_plan && schedule.pace != ScheduleKind::Pace::Steps) {
        const auto removed = removeAt(m_timetable->stepsBefore(round), control);
        if (!removed) return removed.error();
    } else {
        m_isInForce = !m_plan;
    }
    if (schedule.rewinds) rewind();
    if (round > 1 && (schedule.rewinds || m_recipe.schedule.resetMomentum))
        m_step->resetOptimizer();
    enforce();
    return {};
}

Result<bool> Pruner::stepDone(std::int64_t step, RunControl& control) {
    if (!m_plan || !m_timetable->removesAt(step)) return false;
    if (auto removed = removeAt(step, control); !removed) return removed.error();
    return true;
}

Result<bool> Pruner::complete(RunControl& control) {
    if (m_isInForce) return false;
    if (auto removed = removeAt(m_timetable->steps(), control); !removed) return removed.error();
    return true;
}

Result<void> Pruner::removeAt(std::int64_t step, RunControl& control) {
    if (m_movement) m_movement->bringBack();
    auto masks = masksAt(step, control);
    if (masks) m_masks = *masks;  // else what was removed before stays so
    if (m_movement && m_masks) m_movement->setAside(masksByPath(m_snapshot, *m_masks));
    enforce();
    if (!masks) return masks.error();
    m_isInForce = m_timetable->isReachedAt(step);
    if (m_isInForce) m_movement.reset();
    return {};
}

Result<prune::MasksPtr> Pruner::masksAt(std::int64_t step, RunControl& control) const {
    if (m_timetable->schedule().pace == ScheduleKind::Pace::AtOnce) return m_plan->whole();
    const StagedPlan::Stage stage{
        [this, step](double sparsity) { return m_timetable->shareAt(step, sparsity); },
        m_timetable->isReachedAt(step)};
    if (m_movement)
        return m_plan->byMovement(stage, now(m_snapshot.state().baseMasks), *m_movement, control);
    return m_plan->byCriterion(stage, now(kept()), m_masks, control);
}

model::SnapshotPtr Pruner::now(std::vector<at::Tensor> base) const {
    torch::jit::Module module = model::cloneModule(m_module);
    module.to(c10::kCPU);
    module.eval();
    return model::withWeights(m_snapshot, std::move(module), std::move(base));
}

std::vector<at::Tensor> Pruner::kept() const {
    if (!m_masks) return m_snapshot.state().baseMasks;
    std::vector<at::Tensor> kept;
    for (const model::Layer& layer : m_snapshot.layers())
        kept.push_back(prune::keptMask(*m_masks, layer.id));
    return kept;
}

void Pruner::enforce() {
    if (m_masks) zeroRemoved(m_module, masksByPath(m_snapshot, *m_masks));
    if (m_recipe.masks == MaskMode::Off) return;
    const prune::OtherMasks& others =
        m_masks ? m_masks->state().others : m_snapshot.state().otherBaseMasks;
    m_step->setMasks(
        std::make_unique<MaskEnforcer>(m_snapshot, kept(), m_module, m_step->parameters(), others));
}

void Pruner::rewind() {
    const at::NoGradGuard noGradients;
    for (const auto& [path, value] : m_rewindTo) model::parameterAt(m_module, path).copy_(value);
}

void Pruner::save(RunState& state) const {
    state.set("schedule.in_force", std::int64_t{m_isInForce});
    state.set("schedule.has_masks", std::int64_t{m_masks != nullptr});
    if (m_movement) m_movement->save(state);
    if (!m_masks) return;
    for (const auto& [path, kept] : masksByPath(m_snapshot, *m_masks))
        state.set(cat("schedule.kept.", path), kept);
    if (!m_masks->channels()) return;
    int group = 0;
    for (const prune::GroupChoice& choice : m_masks->channels()->choices) {
        state.set(cat("schedule.channels.", group++),
                  c10::List<std::int64_t>(c10::ArrayRef<std::int64_t>(choice.kept)));
    }
}

void Pruner::load(const RunState& state) {
    m_isInForce = state.get("schedule.in_force").toInt() != 0;
    if (m_isInForce) m_movement.reset();
    if (m_movement) m_movement->load(state);
    m_masks = state.get("schedule.has_masks").toInt() != 0 ? masksFrom(state) : nullptr;
    enforce();
}

prune::MasksPtr Pruner::masksFrom(const RunState& state) const {
    const prune::MaskState& whole = m_plan->whole()->state();
    auto masks = std::make_shared<prune::MaskState>();
    const auto keptAt = [&](const std::string& path) {
        const std::string name = cat("schedule.kept.", path);
        return state.has(name) ? state.get(name).toTensor() : at::Tensor();
    };
    for (const model::Layer& layer : m_snapshot.layers()) {
        auto mask = std::make_shared<prune::LayerMask>();
        mask->kept = keptAt(layer.name);
        if (mask->kept.defined())
            mask->removed = layer.weightCount - mask->kept.sum().item<std::int64_t>();
        masks->layers.push_back(std::move(mask));
        masks->weightCounts.push_back(layer.weightCount);
    }
    for (const auto& [path, unused] : whole.others) {
        if (const at::Tensor kept = keptAt(path); kept.defined()) masks->others[path] = kept;
    }
    if (state.has("schedule.channels.0")) {
        auto choice = std::make_shared<prune::ChannelChoice>(*whole.channels);
        for (std::size_t g = 0; g < choice->choices.size(); ++g) {
            prune::GroupChoice& group = choice->choices[g];
            group.kept = state.get(cat("schedule.channels.", g)).toIntVector();
            group.requested = group.reached();
        }
        masks->costs = whole.costs;
        masks->cut = whole.costs->after(choice->kept());
        masks->channels = std::move(choice);
    }
    return std::make_shared<const prune::Masks>(std::move(masks));
}

}  // namespace espalier::train
