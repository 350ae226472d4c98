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

/// "pt" of shares, "%" of a loss; a module's metric has a unit of its own, which is not known.
QString dropUnit(const measure::Metric& metric);

/// How much of dropUnit a drop is, as Metric::drop counts.
double shownDrop(const measure::Metric& metric, double drop);
double dropOfShown(const measure::Metric& metric, double shown);

/// "top-1", "agreement with dense", "loss (mse)".
QString metricTitle(const measure::Metric& metric);

/// "weights by magnitude on 1 000 samples".
QString describeScan(const measure::ScanOptions& options);

/// Sparsity in percent and the metric, from the dense model at 0 on.
plots::Points curvePoints(const SensitivityScan& scan, const measure::SensitivityCurve& curve);

/// Layers × levels; colour = what was lost, as amounts of dropUnit, cells that were not measured
/// empty. The scale ends at ten times `drop`, which is lost either way, so that what is lost near
/// `drop` can be told apart.
plots::HeatmapData dropHeatmap(const SensitivityScan& scan, double drop);

/// "dense top-1 99.27 %  ·  within 1 pt: 4 layers, 80 % to 95 % each".
QString limitSummary(const SensitivityScan& scan, double drop);

}  // namespace espalier::ui
