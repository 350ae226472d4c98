// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/mask_enforcer_torch.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>

#include <algorithm>

#include "core/model/snapshot_torch.h"

namespace espalier::train {

MaskEnforcer::MaskEnforcer(const model::Snapshot& snapshot, const std::vector<at::Tensor>& kept,
                           const torch::jit::Module& module,
                           const std::vector<at::Tensor>& parameters,
                           const prune::OtherMasks& others) {
    for (const model::Layer& layer : snapshot.layers()) {
        const at::Tensor& mask = kept[layer.id.index()];
        if (mask.defined()) add(model::parameterAt(module, layer.name), mask, parameters);
    }
    for (const auto& [path, mask] : others) add(model::parameterAt(module, path), mask, parameters);
}

void MaskEnforcer::add(const at::Tensor& weight, const at::Tensor& kept,
                       const std::vector<at::Tensor>& parameters) {
    const auto found =
        std::ranges::find_if(parameters, [&](const at::Tensor& p) { return p.is_same(weight); });
    if (found == parameters.end()) return;  // no parameter, so nothing changes it
    m_places.push_back(static_cast<std::size_t>(found - parameters.begin()));
    m_weights.push_back(weight);
    m_masks.push_back(kept.to(weight.device(), weight.scalar_type()));
}

void MaskEnforcer::maskGradients() const {
    const at::NoGradGuard noGradients;
    std::vector<at::Tensor> gradients;
    std::vector<at::Tensor> masks;
    for (std::size_t i = 0; i < m_weights.size(); ++i) {
        const at::Tensor& gradient = m_weights[i].grad();
        if (!gradient.defined()) continue;
        gradients.push_back(gradient);
        masks.push_back(m_masks[i]);
    }
    if (!gradients.empty()) at::_foreach_mul_(gradients, masks);
}

void MaskEnforcer::maskWeights() const {
    const at::NoGradGuard noGradients;
    if (!m_weights.empty()) at::_foreach_mul_(m_weights, m_masks);
}

void MaskEnforcer::maskState(Optimizer& optimizer) const {
    const at::NoGradGuard noGradients;
    for (OptimizerState* state : optimizer.states()) {
        if (state->empty()) continue;
        for (std::size_t i = 0; i < m_places.size(); ++i) (*state)[m_places[i]].mul_(m_masks[i]);
    }
}

void MaskEnforcer::save(RunState& state) const {
    std::vector<at::Tensor> kept;
    for (const at::Tensor& mask : m_masks) kept.push_back(mask.to(at::kBool));
    std::vector<std::int64_t> places(m_places.begin(), m_places.end());
    state.set("masks.places", c10::List<std::int64_t>(places));
    state.set("masks.kept", stored(kept));
}

void MaskEnforcer::load(const RunState& state, const std::vector<at::Tensor>& parameters) {
    const c10::List<at::Tensor> kept = state.get("masks.kept").toTensorList();
    const std::vector<std::int64_t> places = state.get("masks.places").toIntVector();
    m_places.clear();
    m_weights.clear();
    m_masks.clear();
    for (std::size_t i = 0; i < places.size(); ++i) {
        const auto place = static_cast<std::size_t>(places[i]);
        const bool fits = i < kept.size() && place < parameters.size() &&
                          kept.get(i).sizes() == parameters[place].sizes();
        if (!fits) throw std::runtime_error("the masks in the checkpoint do not fit this model");
        m_places.push_back(place);
        m_weights.push_back(parameters[place]);
        m_masks.push_back(
            kept.get(i).to(parameters[place].device(), parameters[place].scalar_type()));
    }
}

}  // namespace espalier::train
