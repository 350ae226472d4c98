// SPDX-License-Identifier: GPL-3.0-or-later
// The layers whose weights are still to be indexed, in an order that the selection may change
// meanwhile.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "core/model/layer.h"

namespace espalier::ui {

/// Thread-safe: the job takes from it, the window moves the layer that is looked at to the front.
class IndexQueue {
public:
    explicit IndexQueue(std::vector<model::LayerId> layers) : m_layers(std::move(layers)) {}

    std::optional<model::LayerId> take();
    void prefer(model::LayerId layer);

private:
    std::mutex m_mutex;
    std::vector<model::LayerId> m_layers;  // next first
};

}  // namespace espalier::ui
