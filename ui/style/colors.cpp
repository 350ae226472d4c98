// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/colors.h"

#include <QImage>
#include <QTransform>
#include <algorithm>
#include <array>
#include <cmath>

#include "ui/style/theme.h"

namespace espalier::style {

namespace {

constexpr double kHatchStep = 6;
constexpr QRgb kRemovedHatchLight = 0xff9a4a00;
constexpr QRgb kRemovedHatchDark = 0xff6b3300;

double luminance(const QColor& color) {
    const auto linear = [](double c) {
        return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) +
           0.0722 * linear(color.blueF());
}

const Colors& lightColors() {
    static const Colors colors{.kept = QColor(0x1f, 0x6f, 0xb5),
                               .removed = QColor(0xd9, 0x6b, 0x00),
                               .locked = QColor(0x8a, 0x90, 0x9b),
                               .estimate = QColor(0x60, 0x68, 0x75),
                               .error = QColor(0xc0, 0x26, 0x2d),
                               .warning = QColor(0x9a, 0x67, 0x00),
                               .success = QColor(0x1b, 0x7f, 0x4b),
                               .text = QColor(0x1d, 0x22, 0x2b),
                               .mutedText = QColor(0x5f, 0x67, 0x74),
                               .background = QColor(0xff, 0xff, 0xff),
                               .grid = QColor(0xe6, 0xe9, 0xed),
                               .axis = QColor(0x8a, 0x90, 0x9b)};
    return colors;
}

const Colors& darkColors() {
    static const Colors colors{.kept = QColor(0x4b, 0x9b, 0xdf),
                               .removed = QColor(0xf0, 0x92, 0x2b),
                               .locked = QColor(0x78, 0x80, 0x8d),
                               .estimate = QColor(0x9a, 0xa2, 0xaf),
                               .error = QColor(0xff, 0x6b, 0x6b),
                               .warning = QColor(0xe3, 0xb3, 0x41),
                               .success = QColor(0x4c, 0xc3, 0x8a),
                               .text = QColor(0xe4, 0xe7, 0xec),
                               .mutedText = QColor(0x9a, 0xa2, 0xaf),
                               .background = QColor(0x1a, 0x1d, 0x23),
                               .grid = QColor(0x2c, 0x31, 0x3a),
                               .axis = QColor(0x6c, 0x74, 0x81)};
    return colors;
}

}  // namespace

const Colors& colorsFor(const QPalette& palette) {
    return isDark(palette) ? darkColors() : lightColors();
}

QColor seriesColor(const QPalette& palette, int index) {
    // Okabe & Ito (2008), neighbours as unlike as possible.
    static const std::array<QRgb, kSeriesColors - 1> kColors{
        0xff0072b2, 0xffe69f00, 0xff009e73, 0xffcc79a7, 0xffd55e00, 0xff56b4e9, 0xfff0e442};
    const int i = ((index % kSeriesColors) + kSeriesColors) % kSeriesColors;
    const bool dark = isDark(palette);
    if (i == kSeriesColors - 1) return colorsFor(palette).text;
    const QColor color = QColor::fromRgb(kColors[static_cast<std::size_t>(i)]);
    // Two of them fade into one background: dark blue on dark, yellow on white. Every yellow that
    // can be seen on white is the orange to some eyes: brown stands in for it.
    if (dark && i == 0) return QColor(0x3d, 0x9b, 0xd9);
    if (dark && i == 2) return QColor(0x1f, 0xc4, 0x95);  // a thin line of the other is too dim
    if (!dark && i == 6) return QColor(0x5c, 0x4a, 0x10);
    return color;
}

QBrush removedHatch(const QPalette& palette) {
    const QRgb lines = isDark(palette) ? kRemovedHatchDark : kRemovedHatchLight;
    return QBrush(QColor::fromRgb(lines), Qt::BDiagPattern);
}

QColor removedFill(const QPalette& palette) {
    const Colors& colors = colorsFor(palette);
    return mix(colors.background, colors.removed, 0.8);
}

QColor removedCellFill(const QPalette& palette) {
    const Colors& colors = colorsFor(palette);
    return mix(colors.background, colors.text, isDark(palette) ? 0.22 : 0.16);
}

QColor removedCellHatch(const QPalette& palette) {
    const Colors& colors = colorsFor(palette);
    return mix(colors.background, colors.text, 0.5);
}

QBrush hatchTile(const QColor& lines, const QColor& fill, double pixelRatio) {
    const int side = std::max(2, qRound(kHatchStep * pixelRatio));
    const int width = std::max(1, qRound(pixelRatio));
    const bool isOpaque = lines.alpha() == 255 && fill.alpha() == 255;
    QImage tile(side, side, isOpaque ? QImage::Format_RGB32 : QImage::Format_ARGB32_Premultiplied);
    for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
            tile.setPixelColor(x, y, (x + y) % side < width ? lines : fill);
        }
    }
    QBrush brush(tile);
    brush.setTransform(QTransform::fromScale(1 / pixelRatio, 1 / pixelRatio));
    return brush;
}

QBrush removedBrush(const QPalette& palette, double pixelRatio) {
    return hatchTile(removedHatch(palette).color(), removedFill(palette), pixelRatio);
}

QColor mix(const QColor& under, const QColor& over, double share) {
    const auto channel = [share](float a, float b) {
        return a + (b - a) * static_cast<float>(share);
    };
    return QColor::fromRgbF(channel(under.redF(), over.redF()),
                            channel(under.greenF(), over.greenF()),
                            channel(under.blueF(), over.blueF()));
}

double contrast(const QColor& a, const QColor& b) {
    const double first = luminance(a);
    const double second = luminance(b);
    return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

}  // namespace espalier::style
