// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/sparsity_bar.h"

#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/style/colors.h"

namespace espalier::style {

namespace {

double removedWidth(double share, double width) {
    if (!(share > 0)) return 0;
    if (share >= 1 || width < 2) return share >= 1 ? width : share * width;
    return std::clamp(std::round(share * width), 1.0, width - 1);
}

}  // namespace

void paintSparsityBar(QPainter& painter, const QRectF& rect, const SparsityBar& bar,
                      const QPalette& palette) {
    const Colors& colors = colorsFor(palette);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing, false);
    if (bar.state == SparsityBar::State::NotPrunable) {
        painter.setPen(QPen(mix(colors.background, colors.locked, 0.6), 0));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(rect.adjusted(0, 0, -1, -1));
        painter.restore();
        return;
    }
    const bool locked = bar.state == SparsityBar::State::Locked;
    const double removed = removedWidth(bar.removed, rect.width());
    const QRectF keptPart = rect.adjusted(0, 0, -removed, 0);
    const QRectF removedPart = rect.adjusted(rect.width() - removed, 0, 0, 0);
    painter.fillRect(keptPart, locked ? colors.locked : colors.kept);
    painter.fillRect(removedPart,
                     locked ? mix(colors.background, colors.locked, 0.35) : removedFill(palette));
    const QBrush hatch = locked ? QBrush(colors.locked, Qt::BDiagPattern) : removedHatch(palette);
    painter.setBrushOrigin(rect.topLeft());
    painter.fillRect(removedPart, hatch);
    painter.restore();
}

}  // namespace espalier::style
