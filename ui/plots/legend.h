// SPDX-License-Identifier: GPL-3.0-or-later
// The legend of a plot: in a row of its own above the axes, where it covers nothing.
#pragma once

class QCustomPlot;

namespace espalier::plots {

/// Shows the legend above the plot, one entry beside the other, or takes it and its row away.
void showLegend(QCustomPlot& plot, bool shown);

/// Gives every entry the room its text needs, in as many rows as the plot's width asks for. Call it
/// when entries, their fonts, or the width have changed.
void packLegend(QCustomPlot& plot);

}  // namespace espalier::plots
