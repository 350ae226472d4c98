// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/masked_weights_torch.h"

#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"

namespace espalier::measure {

void MaskedWeights::apply(const prune::Masks& masks) {
    restore();
    for (const auto& layer : m_snapshot.layers()) {
        const auto& own = masks.state().layers.at(layer.id.index());
        if (own->kept.defined() && own->key != m_base->state().layers.at(layer.id.index())->key) {
            mask(layer.name, own->kept);
        }
    }
    for (const auto& [path, kept] : masks.state().others) mask(path, kept);
}

void MaskedWeights::restore() {
    for (const auto& [path, original] : m_originals) {
        model::parameterAt(m_module, path).detach().copy_(original);
    }
    m_originals.clear();
}

void MaskedWeights::mask(const std::string& path, const at::Tensor& kept) {
    const at::Tensor parameter = model::parameterAt(m_module, path).detach();
    m_originals.emplace(path, parameter.clone());
    parameter.masked_fill_(kept.logical_not().to(parameter.device()), 0);
}

}  // namespace espalier::measure
