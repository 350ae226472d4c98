// SPDX-License-Identifier: GPL-3.0-or-later
// What the tests of ui/plots and ui/style share.
#pragma once

#include <QImage>
#include <QMouseEvent>
#include <QRegularExpression>
#include <QTest>
#include <QWidget>

#include "ui/plots/histogram_data.h"

namespace espalier::plots::testing {

/// Any warning fails the test, except one that the offscreen platform gives for every window.
inline void failOnWarnings() {
    QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support)")));
}

/// 8 signed bins over [-0.4, 0.4] with 10, 20, 30, 40, 40, 30, 20, 10 weights, and 50 exact zeros:
/// 250 in all. Magnitudes: 80, 60, 40, 20 in bins of 0.1.
inline TensorHistogram smallHistogram() {
    HistogramData values;
    values.name = QStringLiteral("fc1.weight");
    values.edges = {-0.4, 0.4};
    values.counts = {10, 20, 30, 40, 40, 30, 20, 10};
    values.zeros = 50;
    values.minimum = -0.39;
    values.maximum = 0.4;
    return {foldedToMagnitude(values), values};
}

/// Shows `widget` and waits until it is drawn.
inline void showNow(QWidget& widget, const QSize& size = {640, 360}) {
    widget.resize(size);
    widget.show();
    QVERIFY(QTest::qWaitForWindowExposed(&widget));
    QCoreApplication::processEvents();
}

/// Mouse events with exact positions; QTest::mouseMove would drop the modifiers.
inline void mouse(QWidget* canvas, QEvent::Type type, const QPointF& at,
                  Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
    const bool isMove = type == QEvent::MouseMove;
    const bool isRelease = type == QEvent::MouseButtonRelease;
    QMouseEvent event(type, at, canvas->mapToGlobal(at), isMove ? Qt::NoButton : Qt::LeftButton,
                      isRelease ? Qt::NoButton : Qt::LeftButton, modifiers);
    QCoreApplication::sendEvent(canvas, &event);
}

inline void hover(QWidget* canvas, const QPointF& at) {
    QMouseEvent event(QEvent::MouseMove, at, canvas->mapToGlobal(at), Qt::NoButton, Qt::NoButton,
                      Qt::NoModifier);
    QCoreApplication::sendEvent(canvas, &event);
}

inline void click(QWidget* canvas, const QPointF& at) {
    mouse(canvas, QEvent::MouseButtonPress, at);
    mouse(canvas, QEvent::MouseButtonRelease, at);
}

/// The colour at a place of a widget, whatever the screen's scale.
inline QColor colorAt(QWidget& widget, const QPointF& at) {
    const QImage picture = widget.grab().toImage();
    const double scale = picture.devicePixelRatio();
    return picture.pixelColor((at * scale).toPoint());
}

}  // namespace espalier::plots::testing
