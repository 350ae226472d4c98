// SPDX-License-Identifier: GPL-3.0-or-later
// Qt's Fusion with outlines that are seen: its own fade into a dark window.
#pragma once

#include <QProxyStyle>

namespace espalier::style {

class Fusion : public QProxyStyle {
    Q_OBJECT
public:
    Fusion() : QProxyStyle(QStringLiteral("fusion")) {}

    /// Lines of lists and tables are kRowHeight high, or higher.
    QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                           const QWidget* widget) const override;
    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
};

/// The line round boxes that can be checked.
QColor outline(const QPalette& palette);

}  // namespace espalier::style
