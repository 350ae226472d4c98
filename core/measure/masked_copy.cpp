// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/masked_copy_torch.h"

#include <unordered_set>
#include <utility>

#include "core/model/snapshot_torch.h"

namespace espalier::measure {

MaskedCopy::MaskedCopy(model::SnapshotPtr snapshot)
    : m_snapshot(std::move(snapshot)), m_module(model::cloneModule(m_snapshot->state().module)) {}

MaskedCopy::MaskByPath MaskedCopy::masksIn(const prune::Masks& masks) const {
    MaskByPath found;
    for (const auto& layer : m_snapshot->layers()) {
        const auto& own = masks.state().layers.at(layer.id.index());
        if (own->kept.defined()) found.emplace(layer.name, Mask{own->key, own->kept});
    }
    for (const auto& [path, kept] : masks.state().others) found.emplace(path, Mask{{}, kept});
    return found;
}

bool MaskedCopy::areEqual(const Mask& one, const Mask& other) {
    if (one.kept.is_same(other.kept)) return true;
    if (!one.key.empty() || !other.key.empty()) return one.key == other.key;
    return one.kept.equal(other.kept);
}

std::vector<std::string> MaskedCopy::differing(const MaskByPath& wanted) const {
    std::vector<std::string> paths;
    for (const auto& [path, mask] : wanted) {
        const auto now = m_masks.find(path);
        if (now == m_masks.end() || !areEqual(now->second, mask)) paths.push_back(path);
    }
    for (const auto& [path, mask] : m_masks) {
        if (!wanted.contains(path)) paths.push_back(path);
    }
    return paths;
}

std::vector<std::string> MaskedCopy::differing(const prune::Masks& masks) const {
    return differing(masksIn(masks));
}

void MaskedCopy::apply(const prune::Masks& masks) {
    MaskByPath wanted = masksIn(masks);
    // Several paths may share one memory: all their masks count there.
    std::unordered_set<const c10::StorageImpl*> restored;
    for (const auto& path : differing(wanted)) {
        const at::Tensor parameter = model::parameterAt(m_module, path).detach();
        parameter.copy_(model::parameterAt(m_snapshot->state().module, path));
        restored.insert(parameter.storage().unsafeGetStorageImpl());
    }
    for (const auto& [path, mask] : wanted) {
        const at::Tensor parameter = model::parameterAt(m_module, path).detach();
        if (!restored.contains(parameter.storage().unsafeGetStorageImpl())) continue;
        parameter.masked_fill_(mask.kept.logical_not().to(parameter.device()), 0);
    }
    m_masks = std::move(wanted);
}

}  // namespace espalier::measure
