// SPDX-License-Identifier: GPL-3.0-or-later
// The thin bar of kept and removed in lists, cards and tables.
#pragma once

#include <QPalette>
#include <QRectF>

class QPainter;

namespace espalier::style {

/// What a bar shows.
struct SparsityBar {
    enum class State {
        Prunable,    ///< kept blue, removed orange with hatch
        Locked,      ///< the same in grey
        NotPrunable  ///< an empty grey outline
    };
    double removed = 0;  ///< share removed, 0 to 1; anything else is clamped, NaN counts as 0
    State state = State::Prunable;

    bool operator==(const SparsityBar&) const = default;
};

/// Paints `bar` into `rect`, kept from the left, removed at the right end.
/// A share that is neither none nor all shows at least one pixel of each part.
void paintSparsityBar(QPainter& painter, const QRectF& rect, const SparsityBar& bar,
                      const QPalette& palette);

}  // namespace espalier::style
