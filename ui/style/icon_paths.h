// SPDX-License-Identifier: GPL-3.0-or-later
// The drawings of the icons, on a grid of 16 × 16.
#pragma once

#include <QPainterPath>

#include "ui/style/icons.h"

namespace espalier::style {

/// Lines to draw with a round pen, and areas to fill.
struct IconPaths {
    QPainterPath lines;
    QPainterPath areas;
};

/// The drawing of `icon`, in a square of 16 units.
IconPaths iconPaths(Icon icon);

/// Reads a drawing: "M x y" moves, "L x y" draws a line, "C" a cubic (3 points), "O x y r" a
/// circle, "R x y w h" a rectangle, "Z" closes, "F" makes everything after it an area. Stops at
/// what it does not know.
IconPaths parsedPaths(const char* drawing);

}  // namespace espalier::style
