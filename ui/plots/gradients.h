// SPDX-License-Identifier: GPL-3.0-or-later
// Colour gradients of heatmaps. Only for .cpp files: includes QCustomPlot.
#pragma once

#include <QPalette>

#include "ui/plots/heatmap_data.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

/// The gradient of `kind` on `palette`'s background; NaN is transparent, in Sequential grey.
QCPColorGradient gradientFor(HeatmapKind kind, const QPalette& palette);

}  // namespace espalier::plots
