// SPDX-License-Identifier: GPL-3.0-or-later
// Colours with a meaning. One meaning, one colour, in every panel.
#pragma once

#include <QBrush>
#include <QColor>
#include <QPalette>

namespace espalier::style {

/// The named colours of one theme.
struct Colors {
    QColor kept;      ///< weights that stay: the accent blue
    QColor removed;   ///< weights that go: orange, always with a hatch (removedBrush)
    QColor locked;    ///< what the plan may not touch
    QColor estimate;  ///< numbers that were not measured
    QColor error;     ///< messages only
    QColor warning;
    QColor success;
    QColor text;
    QColor mutedText;
    QColor background;  ///< of plots and lists
    QColor grid;
    QColor axis;

    bool operator==(const Colors&) const = default;
};

/// The colours that go with `palette`: look them up again on QEvent::PaletteChange.
const Colors& colorsFor(const QPalette& palette);

inline constexpr int kSeriesColors = 8;
/// Categorical colour `index` (any int, counted modulo 8): Okabe and Ito's, safe for colour-blind
/// eyes. The eighth is black on light and white on dark.
QColor seriesColor(const QPalette& palette, int index);

/// Diagonal lines in the removed colour, to lay over a fill of `removedFill`.
QBrush removedHatch(const QPalette& palette);
/// The removed colour as a plain opaque fill, a little nearer to the background than the hatch.
QColor removedFill(const QPalette& palette);

/// Cells that go, among cells whose colour is their value: grey, which no scale of values uses, so
/// that they are told from every value by every eye.
QColor removedCellFill(const QPalette& palette);
QColor removedCellHatch(const QPalette& palette);

/// Diagonal lines of one pixel on `fill` as one tile, for areas that are redrawn at every mouse
/// move. `pixelRatio` is the screen's: a tile in its own pixels is painted several times faster
/// than a scaled pattern, and sharper.
QBrush hatchTile(const QColor& lines, const QColor& fill, double pixelRatio);
/// removedFill with removedHatch on it, as a hatchTile.
QBrush removedBrush(const QPalette& palette, double pixelRatio);

/// `share` of `over` mixed into `under`: 0 gives `under`, 1 gives `over`. Opaque.
QColor mix(const QColor& under, const QColor& over, double share);
/// WCAG contrast ratio of two opaque colours, 1 to 21.
double contrast(const QColor& a, const QColor& b);

}  // namespace espalier::style
