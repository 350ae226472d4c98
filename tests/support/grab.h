// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of widgets, kept as artefacts, and whether their texts fit.
#pragma once

#include <QAbstractButton>
#include <QAbstractSlider>
#include <QAccessible>
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QTest>
#include <QWidget>

#include "ui/style/theme.h"

namespace espalier::test {

/// Shows `widget` at a size, and waits until it is painted.
inline void showAt(QWidget& widget, const QSize& size) {
    widget.resize(size);
    widget.show();
    (void)QTest::qWaitForWindowExposed(&widget);
}

/// What the widget looks like; also written to ESPALIER_SCREENSHOTS/NAME.png where that is set.
inline QImage grab(QWidget& widget, const QString& name) {
    // A new palette, then the queued replots it asks for.
    for (int round = 0; round < 3; ++round) QCoreApplication::processEvents();
    const QImage image = widget.grab().toImage();
    const QString folder = qEnvironmentVariable("ESPALIER_SCREENSHOTS");
    if (!folder.isEmpty() && QDir().mkpath(folder))
        image.save(QStringLiteral("%1/%2.png").arg(folder, name));
    return image;
}

/// A picture for the documentation, of the widget in the light and in the dark palette: NAME.png
/// and NAME-dark.png in ESPALIER_SCREENSHOTS, on a screen of twice the density NAME@2x.png and so
/// on. Leaves the light palette.
inline void picture(QWidget& widget, const QString& name) {
    const QString density = widget.devicePixelRatioF() > 1 ? QStringLiteral("@2x") : QString();
    style::applyTheme(*qApp, style::ThemeMode::Dark);
    grab(widget, name + QStringLiteral("-dark") + density);
    style::applyTheme(*qApp, style::ThemeMode::Light);
    grab(widget, name + density);
}

/// The first visible label or button whose text does not fit into it; empty when all do.
inline QString clippedText(const QWidget& root) {
    for (const auto* label : root.findChildren<QLabel*>()) {
        if (!label->isVisible() || label->text().isEmpty() || label->wordWrap()) continue;
        if (label->width() < label->minimumSizeHint().width() - 1)
            return label->objectName() + ": " + label->text();
    }
    for (const auto* button : root.findChildren<QAbstractButton*>()) {
        if (!button->isVisible() || button->text().isEmpty()) continue;
        if (button->width() < button->sizeHint().width() - 1)
            return button->objectName() + ": " + button->text();
    }
    return {};
}

/// The first widget that takes focus and has no name for assistive technology; empty when all have.
inline QString namelessWidget(const QWidget& root) {
    for (auto* widget : root.findChildren<QWidget*>()) {
        if (widget->focusPolicy() == Qt::NoFocus || widget->focusProxy()) continue;
        if (widget->window() != root.window()) continue;  // the list of a combo box
        // Parts of a spin box, a combo box or a plot speak through their owner.
        if (qobject_cast<QLineEdit*>(widget) && !qobject_cast<QLineEdit*>(widget)->isEnabled())
            continue;
        if (widget->objectName().startsWith(QLatin1String("qt_")) ||
            widget->inherits("QCustomPlot"))
            continue;
        QAccessibleInterface* face = QAccessible::queryAccessibleInterface(widget);
        if (face && face->text(QAccessible::Name).isEmpty()) {
            return QStringLiteral("%1 (%2)").arg(widget->objectName(),
                                                 widget->metaObject()->className());
        }
    }
    return {};
}

}  // namespace espalier::test
