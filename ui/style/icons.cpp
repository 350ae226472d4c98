// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/icons.h"

#include <QGuiApplication>
#include <QPainter>
#include <QPalette>

#include "ui/style/colors.h"
#include "ui/style/drawn_icon.h"
#include "ui/style/icon_paths.h"

namespace espalier::style {

namespace {

constexpr double kLineWidth = 1.3;

QColor ownColor(Icon icon, const Colors& colors) {
    switch (icon) {
        case Icon::Info:
            return colors.kept;
        case Icon::Warning:
            return colors.warning;
        case Icon::Error:
            return colors.error;
        case Icon::Success:
            return colors.success;
        case Icon::Cut:
            return colors.removed;
        default:
            return colors.text;
    }
}

QColor colorOf(Icon icon, QIcon::Mode mode) {
    const QPalette palette = QGuiApplication::palette();
    if (mode == QIcon::Disabled) return palette.color(QPalette::Disabled, QPalette::WindowText);
    if (mode == QIcon::Selected) return palette.color(QPalette::Active, QPalette::HighlightedText);
    return ownColor(icon, colorsFor(palette));
}

class LineIconEngine : public DrawnIconEngine {
public:
    explicit LineIconEngine(Icon icon) : m_icon(icon) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
        const IconPaths paths = iconPaths(m_icon);
        const QColor color = colorOf(m_icon, mode);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setTransform(gridIn(rect), true);
        painter->setPen(QPen(color, kLineWidth, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        painter->setBrush(Qt::NoBrush);
        painter->drawPath(paths.lines);
        painter->fillPath(paths.areas, color);
        painter->restore();
    }
    QIconEngine* clone() const override { return new LineIconEngine(m_icon); }

private:
    Icon m_icon;
};

}  // namespace

QIcon icon(Icon icon) {
    return QIcon(new LineIconEngine(icon));
}

}  // namespace espalier::style
