// SPDX-License-Identifier: GPL-3.0-or-later
// Dragging with the mouse, as a hand does it.
#pragma once

#include <cmath>

#include <QTest>

#include "ui/plots/histogram_view.h"
#include "ui/plots/qcp.h"

namespace espalier::test {

/// Moves the mouse in steps from one place to another with the button held, and lets go there.
inline void drag(QWidget* widget, QPoint from, QPoint to) {
    QTest::mousePress(widget, Qt::LeftButton, {}, from);
    for (int i = 1; i <= 10; ++i) QTest::mouseMove(widget, from + (to - from) * i / 10);
    QTest::mouseRelease(widget, Qt::LeftButton, {}, to);
}

/// Takes the cut by its grip to the first pixel at or above `value`.
inline void dragCut(plots::HistogramView& view, double value) {
    QCustomPlot* canvas = view.canvas();
    const auto pixelOf = [canvas](double at) {
        return QPoint(static_cast<int>(std::ceil(canvas->xAxis->coordToPixel(at))),
                      canvas->height() / 2);
    };
    drag(canvas, pixelOf(*view.cut()), pixelOf(value));
}

}  // namespace espalier::test
