// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/theme.h"

#include <QApplication>
#include <QToolTip>

#include "ui/style/fusion.h"

namespace espalier::style {

namespace {

/// What a palette is made of; every role is one of these.
struct Tones {
    QColor window, base, alternate, button, text, muted, border, highlight, highlightedText, link;
};

QPalette paletteOf(const Tones& tones) {
    QPalette palette(tones.text, tones.button, tones.window.lighter(110), tones.border,
                     tones.border.lighter(115), tones.text, tones.text, tones.base, tones.window);
    palette.setColor(QPalette::AlternateBase, tones.alternate);
    palette.setColor(QPalette::Button, tones.button);
    palette.setColor(QPalette::ButtonText, tones.text);
    palette.setColor(QPalette::PlaceholderText, tones.muted);
    palette.setColor(QPalette::Mid, tones.border);
    palette.setColor(QPalette::ToolTipBase, tones.alternate);
    palette.setColor(QPalette::ToolTipText, tones.text);
    palette.setColor(QPalette::Highlight, tones.highlight);
    palette.setColor(QPalette::HighlightedText, tones.highlightedText);
    palette.setColor(QPalette::Link, tones.link);
    palette.setColor(QPalette::LinkVisited, tones.link);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
        palette.setColor(QPalette::Disabled, role, tones.muted);
    }
    palette.setColor(QPalette::Disabled, QPalette::Highlight, tones.border);
    palette.setColor(QPalette::Disabled, QPalette::HighlightedText, tones.muted);
    return palette;
}

/// The desktop's own colours, which a set palette hides.
bool isDesktopDark() {
    QApplication::setPalette(QPalette());
    return isDark(QApplication::palette());
}

}  // namespace

void applyTheme(QApplication& application, ThemeMode mode) {
    if (!qobject_cast<Fusion*>(QApplication::style())) application.setStyle(new Fusion);
    const bool dark = mode == ThemeMode::Dark || (mode == ThemeMode::System && isDesktopDark());
    const QPalette palette = dark ? darkPalette() : lightPalette();
    QApplication::setPalette(palette);
    QToolTip::setPalette(palette);
}

QPalette lightPalette() {
    return paletteOf({.window = QColor(0xf4, 0xf5, 0xf7),
                      .base = QColor(0xff, 0xff, 0xff),
                      .alternate = QColor(0xf0, 0xf2, 0xf5),
                      .button = QColor(0xf0, 0xf1, 0xf4),
                      .text = QColor(0x1d, 0x22, 0x2b),
                      .muted = QColor(0x86, 0x8d, 0x9a),
                      .border = QColor(0xbc, 0xc1, 0xca),
                      .highlight = QColor(0x1f, 0x6f, 0xb5),
                      .highlightedText = QColor(0xff, 0xff, 0xff),
                      .link = QColor(0x1f, 0x6f, 0xb5)});
}

QPalette darkPalette() {
    return paletteOf({.window = QColor(0x23, 0x27, 0x2e),
                      .base = QColor(0x1a, 0x1d, 0x23),
                      .alternate = QColor(0x21, 0x25, 0x2c),
                      .button = QColor(0x2e, 0x33, 0x3c),
                      .text = QColor(0xe4, 0xe7, 0xec),
                      .muted = QColor(0x7d, 0x86, 0x94),
                      .border = QColor(0x14, 0x17, 0x1c),
                      .highlight = QColor(0x2f, 0x7f, 0xc4),
                      .highlightedText = QColor(0xff, 0xff, 0xff),
                      .link = QColor(0x6c, 0xb2, 0xee)});
}

bool isDark(const QPalette& palette) {
    const auto group = QPalette::Active;
    return palette.color(group, QPalette::Window).lightness() <
           palette.color(group, QPalette::WindowText).lightness();
}

QFont font(FontSize size) {
    QFont font = QApplication::font();
    const double body = font.pointSizeF() > 0 ? font.pointSizeF() : 10;
    if (size == FontSize::Small) font.setPointSizeF(body * 0.85);
    if (size == FontSize::Large) font.setPointSizeF(body * 1.6);
    return font;
}

}  // namespace espalier::style
