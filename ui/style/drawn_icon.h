// SPDX-License-Identifier: GPL-3.0-or-later
// The base of icons that are painted on demand, on a grid of 16 × 16.
#pragma once

#include <QIconEngine>
#include <QPainter>
#include <QTransform>
#include <algorithm>

namespace espalier::style {

inline constexpr double kGrid = 16;

/// The largest square in the middle of `rect`, as a transform from the grid.
inline QTransform gridIn(const QRectF& rect) {
    const double side = std::min(rect.width(), rect.height());
    const QPointF corner = rect.center() - QPointF(side, side) / 2;
    return QTransform::fromTranslate(corner.x(), corner.y()).scale(side / kGrid, side / kGrid);
}

/// Makes its pixmaps through paint().
class DrawnIconEngine : public QIconEngine {
public:
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
        QPixmap pixmap(size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        paint(&painter, QRect(QPoint(), size), mode, state);
        return pixmap;
    }
};

}  // namespace espalier::style
