// SPDX-License-Identifier: GPL-3.0-or-later
// What the Sensitivity tab shows of the measured curves.
#pragma once

#include <vector>

#include "ui/document/sensitivity_scan.h"
#include "ui/plots/heatmap_data.h"
#include "ui/plots/plot_math.h"

namespace espalier::ui {

/// Sparsity and top-1, both in percent, from the dense model at 0 on.
plots::Points curvePoints(const SensitivityScan& scan, int curve);

/// Layers × levels; colour = points of top-1 lost, cells that were not measured empty.
plots::HeatmapData dropHeatmap(const SensitivityScan& scan);

/// "dense top-1 99.27 %  ·  within 1 pt: 4 layers, 80 % to 95 % each".
QString limitSummary(const SensitivityScan& scan, double drop);

}  // namespace espalier::ui
