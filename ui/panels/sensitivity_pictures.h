// SPDX-License-Identifier: GPL-3.0-or-later
// What the Sensitivity tab shows of the measured curves.
#pragma once

#include <vector>

#include "ui/document/metric_words.h"
#include "ui/document/sensitivity_scan.h"
#include "ui/plots/heatmap_data.h"
#include "ui/plots/plot_math.h"

namespace espalier::ui {

/// "weights by magnitude on 1 000 samples".
QString describeScan(const measure::ScanOptions& options);

/// Sparsity in percent and the metric, from the dense model at 0 on.
plots::Points curvePoints(const SensitivityScan& scan, const measure::SensitivityCurve& curve);

/// Layers × levels; colour = what was lost, as amounts of dropUnit, cells that were not measured
/// empty. The scale ends at ten times `drop`, which is lost either way, so that what is lost near
/// `drop` can be told apart.
plots::HeatmapData dropHeatmap(const SensitivityScan& scan, double drop);

/// "conv1.weight at 50 %: top-1 97.30 % (−1.97 pt)", or that it was not measured.
QString cellText(const SensitivityScan& scan, int row, int level);

/// "dense top-1 99.27 %  ·  within 1 pt: 4 layers, 80 % to 95 % each".
QString limitSummary(const SensitivityScan& scan, double drop);

}  // namespace espalier::ui
