// SPDX-License-Identifier: GPL-3.0-or-later
// What the Sensitivity tab shows of the measured curves.
#pragma once

#include <vector>

#include "ui/document/sensitivity_scan.h"
#include "ui/plots/heatmap_data.h"
#include "ui/plots/plot_math.h"

namespace espalier::ui {

/// A value of the metric as it is drawn: shares in percent.
double shownValue(const measure::Metric& metric, double value);

/// "pt" of shares, "%" of a loss.
QString dropUnit(const measure::Metric& metric);

/// "top-1", "agreement with dense", "loss (mse)".
QString metricTitle(const measure::Metric& metric);

/// Sparsity in percent and the metric, from the dense model at 0 on.
plots::Points curvePoints(const SensitivityScan& scan, int curve);

/// Layers × levels; colour = points, or per cent of a loss, lost, cells that were not measured
/// empty.
plots::HeatmapData dropHeatmap(const SensitivityScan& scan);

/// "dense top-1 99.27 %  ·  within 1 pt: 4 layers, 80 % to 95 % each".
QString limitSummary(const SensitivityScan& scan, double drop);

}  // namespace espalier::ui
