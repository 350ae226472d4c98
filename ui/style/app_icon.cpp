// SPDX-License-Identifier: GPL-3.0-or-later
// A fan-trained tree: branches tied to wires, one of them cut.
#include "ui/style/app_icon.h"

#include <QPainter>
#include <QPalette>
#include <QRegularExpression>
#include <array>
#include <span>

#include "ui/style/colors.h"
#include "ui/style/drawn_icon.h"
#include "ui/style/icon_paths.h"
#include "ui/style/icons.h"

namespace espalier::style {
namespace {

constexpr double kLargestSmall = 28;  // pixels
constexpr double kCornerRadius = 3;
const QColor kBackground(0xf7, 0xf8, 0xfa);
const QColor kEdge(0xcf, 0xd4, 0xdb);

enum class Ink { Wire, Branch, Cut };

/// One stroke of `width`, or areas where the drawing starts with F. See parsedPaths().
struct Stroke {
    Ink ink;
    double width;
    const char* drawing;
};

constexpr std::array kLarge{
    Stroke{Ink::Wire, 0.5, "M 2 4 L 14 4 M 2 7.5 L 14 7.5 M 2 11 L 14 11"},
    Stroke{Ink::Branch, 1.1,
           "M 8 14 L 8 3 M 8 12 C 5 12 3.5 11 3.5 8 M 8 12 C 11 12 12.5 11 12.5 8"},
    Stroke{Ink::Branch, 1.1, "M 8 9.5 C 6 9.5 5.2 8.3 5.2 5.3"},
    Stroke{Ink::Cut, 1.1, "M 8 9.5 C 9.4 9.5 10.2 8.6 10.4 7"},
    Stroke{Ink::Branch, 0, "F O 8 3 1.2 O 3.5 7.9 1.2 O 12.5 7.9 1.2 O 5.2 5 1.2"},
};

/// Fewer, thicker branches whose upright edges lie on the pixels of a 16-pixel icon.
constexpr std::array kSmall{
    Stroke{Ink::Cut, 2, "M 8 12 C 11 12 12 11 12 8.5"},
    Stroke{Ink::Branch, 2, "M 8 13 L 8 4 M 8 12 C 5 12 4 11 4 8"},
    Stroke{Ink::Branch, 0, "F O 8 4 2 O 4 7 2"},
};

const QColor& colorOf(Ink ink) {
    const Colors& colors = colorsFor(QPalette(Qt::black, Qt::white));
    return ink == Ink::Wire ? kEdge : ink == Ink::Cut ? colors.removed : colors.kept;
}

std::span<const Stroke> strokesFor(double pixels) {
    if (pixels <= kLargestSmall) return kSmall;
    return kLarge;
}

class ApplicationIconEngine : public DrawnIconEngine {
public:
    void paint(QPainter* painter, const QRect& rect, QIcon::Mode, QIcon::State) override {
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setTransform(gridIn(rect), true);
        painter->setPen(Qt::NoPen);
        painter->setBrush(kBackground);
        painter->drawRoundedRect(QRectF(0.5, 0.5, 15, 15), kCornerRadius, kCornerRadius);
        const double pixels = kGrid * painter->deviceTransform().m11();
        for (const Stroke& stroke : strokesFor(pixels)) {
            const IconPaths paths = parsedPaths(stroke.drawing);
            const QColor& color = colorOf(stroke.ink);
            painter->strokePath(paths.lines,
                                QPen(color, stroke.width, Qt::SolidLine, Qt::RoundCap));
            painter->fillPath(paths.areas, color);
        }
        painter->restore();
    }
    QIconEngine* clone() const override { return new ApplicationIconEngine; }
};

QByteArray svgOf(const Stroke& stroke) {
    const QByteArray color = colorOf(stroke.ink).name().toLatin1();
    if (stroke.width > 0)
        return "  <path fill=\"none\" stroke-linecap=\"round\" stroke=\"" + color +
               "\" stroke-width=\"" + QByteArray::number(stroke.width) + "\" d=\"" +
               stroke.drawing + "\"/>\n";
    static const QRegularExpression circle(QStringLiteral("O (\\S+) (\\S+) (\\S+)"));
    QByteArray svg;
    auto match = circle.globalMatch(QString::fromLatin1(stroke.drawing));
    while (match.hasNext()) {
        const auto found = match.next();
        svg += "  <circle fill=\"" + color + "\" cx=\"" + found.captured(1).toLatin1() +
               "\" cy=\"" + found.captured(2).toLatin1() + "\" r=\"" +
               found.captured(3).toLatin1() + "\"/>\n";
    }
    return svg;
}

}  // namespace

QIcon applicationIcon() {
    return QIcon(new ApplicationIconEngine);
}

QByteArray applicationIconSvg() {
    const QByteArray radius = QByteArray::number(kCornerRadius);
    QByteArray svg =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"256\" height=\"256\" "
        "viewBox=\"0 0 16 16\">\n"
        "  <rect x=\"0.5\" y=\"0.5\" width=\"15\" height=\"15\" rx=\"" +
        radius + "\" fill=\"" + kBackground.name().toLatin1() + "\"/>\n";
    for (const Stroke& stroke : kLarge) svg += svgOf(stroke);
    return svg + "</svg>\n";
}

}  // namespace espalier::style
