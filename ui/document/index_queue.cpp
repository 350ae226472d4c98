// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/index_queue.h"

#include <algorithm>

namespace espalier::ui {

std::optional<model::LayerId> IndexQueue::take() {
    const std::lock_guard lock(m_mutex);
    if (m_layers.empty()) return {};
    const model::LayerId next = m_layers.front();
    m_layers.erase(m_layers.begin());
    return next;
}

void IndexQueue::prefer(model::LayerId layer) {
    const std::lock_guard lock(m_mutex);
    const auto found = std::ranges::find(m_layers, layer);
    if (found != m_layers.end()) std::rotate(m_layers.begin(), found, found + 1);
}

}  // namespace espalier::ui
