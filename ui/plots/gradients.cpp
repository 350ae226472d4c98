// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/gradients.h"

#include <initializer_list>

#include "ui/style/colors.h"
#include "ui/style/theme.h"

namespace espalier::plots {

namespace {

/// Stops at equal distances.
QCPColorGradient gradientOf(std::initializer_list<QColor> stops) {
    QCPColorGradient gradient;
    gradient.clearColorStops();
    gradient.setLevelCount(256);
    gradient.setNanHandling(QCPColorGradient::nhTransparent);
    double i = 0;
    for (const QColor& stop : stops) {
        gradient.setColorStopAt(i++ / static_cast<double>(stops.size() - 1), stop);
    }
    return gradient;
}

QCPColorGradient diverging(const QPalette& palette) {
    const QColor middle = style::colorsFor(palette).background;
    if (style::isDark(palette)) {
        return gradientOf({QColor(0x9b, 0xd2, 0xff), QColor(0x3a, 0x7f, 0xb8), middle,
                           QColor(0xb8, 0x6c, 0x1c), QColor(0xff, 0xc5, 0x80)});
    }
    return gradientOf({QColor(0x08, 0x45, 0x7e), QColor(0x6c, 0xa9, 0xda), middle,
                       QColor(0xee, 0xa2, 0x55), QColor(0x8f, 0x3f, 0x00)});
}

/// Nine samples of matplotlib's viridis (CC0).
QCPColorGradient sequential() {
    return gradientOf({QColor(0x44, 0x01, 0x54), QColor(0x48, 0x28, 0x78), QColor(0x3e, 0x4a, 0x89),
                       QColor(0x31, 0x68, 0x8e), QColor(0x26, 0x82, 0x8e), QColor(0x1f, 0x9e, 0x89),
                       QColor(0x35, 0xb7, 0x79), QColor(0x9f, 0xda, 0x3a),
                       QColor(0xfd, 0xe7, 0x25)});
}

/// What has no value is grey: on a dark background the lowest values would look like it.
QCPColorGradient withGrey(QCPColorGradient gradient, const QPalette& palette) {
    const style::Colors& colors = style::colorsFor(palette);
    gradient.setNanHandling(QCPColorGradient::nhNanColor);
    gradient.setNanColor(
        style::mix(colors.background, colors.text, style::isDark(palette) ? 0.35 : 0.12));
    return gradient;
}

QCPColorGradient sparsity(const QPalette& palette) {
    const style::Colors& colors = style::colorsFor(palette);
    const QColor middle = style::mix(colors.background, colors.text, 0.14);
    return gradientOf({colors.kept, middle, colors.removed});
}

}  // namespace

QCPColorGradient gradientFor(HeatmapKind kind, const QPalette& palette) {
    switch (kind) {
        case HeatmapKind::Diverging:
            return diverging(palette);
        case HeatmapKind::Sequential:
            return withGrey(sequential(), palette);
        case HeatmapKind::Sparsity:
            return sparsity(palette);
    }
    return {};
}

}  // namespace espalier::plots
