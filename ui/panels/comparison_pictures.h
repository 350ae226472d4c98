// SPDX-License-Identifier: GPL-3.0-or-later
// What the Compare tab shows of a comparison.
#pragma once

#include <vector>

#include <QString>

#include "ui/document/comparison.h"
#include "ui/plots/difference_view.h"
#include "ui/plots/overlay_view.h"

namespace espalier::ui {

/// Needs histograms. Sides are called "A: dense" and "B: current".
plots::OverlayData overlayOf(const Comparison& comparison);
/// In percent; empty until both sides are measured.
std::vector<plots::DifferenceBar> barsOf(const Comparison& comparison);
/// "Top-1 99.10 % → 98.90 % (validation, 1 000 samples)  ·  1.9 → 1.1 ms".
QString measurementText(const Comparison& comparison);
/// "‖ΔW‖ / ‖W‖ = 0.31", or why there is none.
QString changeText(const Comparison& comparison);

}  // namespace espalier::ui
