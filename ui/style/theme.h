// SPDX-License-Identifier: GPL-3.0-or-later
// The product's light and dark look: Fusion with palettes of its own.
#pragma once

#include <QFont>
#include <QPalette>

class QApplication;

namespace espalier::style {

enum class ThemeMode { System, Light, Dark };

/// Gives the application the Fusion style and the palette of `mode`; every widget gets a
/// PaletteChange.
///
/// System looks at the desktop's own palette: dark when its window colour is darker than its text.
/// May be called again at any time to switch.
void applyTheme(QApplication& application, ThemeMode mode);

QPalette lightPalette();
QPalette darkPalette();

/// True when text is lighter than the window it stands on.
bool isDark(const QPalette& palette);

/// The three sizes of type, made from the application's font.
enum class FontSize { Small, Body, Large };
QFont font(FontSize size);

/// Spacing, in device-independent pixels.
inline constexpr int kSpaceRelated = 4;  ///< between things that belong together
inline constexpr int kSpacePanel = 8;    ///< inside a panel
inline constexpr int kSpaceGroup = 16;   ///< between groups
inline constexpr int kRowHeight = 24;    ///< a line of a list
inline constexpr int kIconSize = 16;

}  // namespace espalier::style
