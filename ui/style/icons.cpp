// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/icons.h"

#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>

#include "ui/style/colors.h"
#include "ui/style/icon_paths.h"

namespace espalier::style {

namespace {

constexpr double kGrid = 16;
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

/// The largest square in the middle of `rect`, as a transform from the grid.
QTransform gridIn(const QRectF& rect) {
    const double side = std::min(rect.width(), rect.height());
    const QPointF corner = rect.center() - QPointF(side, side) / 2;
    return QTransform::fromTranslate(corner.x(), corner.y()).scale(side / kGrid, side / kGrid);
}

/// Paints on demand; the base class makes pixmaps through paint().
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

/// A fan-trained tree: branches tied to wires, two of them cut.
class ApplicationIconEngine : public DrawnIconEngine {
public:
    void paint(QPainter* painter, const QRect& rect, QIcon::Mode, QIcon::State) override {
        const Colors& colors = colorsFor(QPalette(Qt::black, Qt::white));
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setTransform(gridIn(rect), true);
        painter->setPen(Qt::NoPen);
        painter->setBrush(QColor(0xf7, 0xf8, 0xfa));
        painter->drawRoundedRect(QRectF(0.5, 0.5, 15, 15), 3, 3);
        const auto draw = [painter](const char* drawing, const QColor& color, double width) {
            const IconPaths paths = parsedPaths(drawing);
            painter->strokePath(paths.lines, QPen(color, width, Qt::SolidLine, Qt::RoundCap));
            painter->fillPath(paths.areas, color);
        };
        draw("M 2 4 L 14 4 M 2 7.5 L 14 7.5 M 2 11 L 14 11", QColor(0xcf, 0xd4, 0xdb), 0.5);
        draw("M 8 14 L 8 3 M 8 12 C 5 12 3.5 11 3.5 8 M 8 12 C 11 12 12.5 11 12.5 8", colors.kept,
             1.1);
        draw("M 8 9.5 C 6 9.5 5.2 8.3 5.2 5.3", colors.kept, 1.1);
        draw("M 8 9.5 C 9.4 9.5 10.2 8.6 10.4 7", colors.removed, 1.1);
        draw("F O 8 3 1.2 O 3.5 7.9 1.2 O 12.5 7.9 1.2 O 5.2 5 1.2", colors.kept, 0);
        painter->restore();
    }
    QIconEngine* clone() const override { return new ApplicationIconEngine; }
};

}  // namespace

QIcon icon(Icon icon) {
    return QIcon(new LineIconEngine(icon));
}

QIcon applicationIcon() {
    return QIcon(new ApplicationIconEngine);
}

}  // namespace espalier::style
