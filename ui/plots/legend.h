// SPDX-License-Identifier: GPL-3.0-or-later
// The legend of a plot: in a row of its own above the axes, where it covers nothing.
#pragma once

class QCustomPlot;

namespace espalier::plots {

/// Shows the legend above the plot, one entry beside the other, or takes it and its row away.
void showLegend(QCustomPlot& plot, bool shown);

/// Gives every entry the room its text needs, so that they stand together at the left. Call it when
/// entries or their fonts have changed.
void packLegend(QCustomPlot& plot);

}  // namespace espalier::plots
