// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/index_store.h"

#include <algorithm>
#include <utility>

namespace espalier::ui {

namespace {
constexpr std::size_t kRemembered = 3;
}

void IndexStore::use(const model::SnapshotPtr& snapshot) {
    const auto found = std::ranges::find(m_sets, snapshot, &Set::snapshot);
    if (found != m_sets.end()) {
        std::rotate(m_sets.begin(), found, found + 1);
        return;
    }
    m_sets.insert(m_sets.begin(), Set{snapshot, {}});
    if (m_sets.size() > kRemembered) m_sets.pop_back();
}

void IndexStore::set(model::LayerId layer, Result<model::WeightIndex> index) {
    if (!m_sets.empty()) m_sets.front().indices.insert_or_assign(layer, std::move(index));
}

const model::WeightIndex* IndexStore::find(model::LayerId layer) const {
    const auto* found = entry(layer);
    return found && found->ok() ? &found->value() : nullptr;
}

const Error* IndexStore::error(model::LayerId layer) const {
    const auto* found = entry(layer);
    return found && !found->ok() ? &found->error() : nullptr;
}

const Result<model::WeightIndex>* IndexStore::entry(model::LayerId layer) const {
    if (m_sets.empty()) return nullptr;
    const auto found = m_sets.front().indices.find(layer);
    return found == m_sets.front().indices.end() ? nullptr : &found->second;
}

}  // namespace espalier::ui
