// SPDX-License-Identifier: GPL-3.0-or-later
// The program's icon as a file for the desktop; icons.h gives it to windows.
#pragma once

#include <QByteArray>

namespace espalier::style {

/// The drawing of applicationIcon() above 28 pixels, as an SVG document of 16 × 16 units.
QByteArray applicationIconSvg();

}  // namespace espalier::style
