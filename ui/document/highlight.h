// SPDX-License-Identifier: GPL-3.0-or-later
// What the mouse is over, for the views that show the same thing elsewhere.
#pragma once

#include <optional>

#include <QObject>

#include "core/model/layer.h"

namespace espalier::ui {

struct Hovered {
    model::LayerId layer;             ///< invalid: nothing
    std::optional<double> magnitude;  ///< |w| of the weight, where it is one

    bool operator==(const Hovered&) const = default;
};

/// Whoever is hovered sets it and clears it when the mouse leaves; whoever shows the same layer
/// marks it. Nothing is computed for it.
class Highlight : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    const Hovered& hovered() const { return m_hovered; }
    void set(const Hovered& hovered) {
        if (hovered == m_hovered) return;
        m_hovered = hovered;
        Q_EMIT changed();
    }
    void clear() { set({}); }

Q_SIGNALS:
    void changed();

private:
    Hovered m_hovered;
};

}  // namespace espalier::ui
