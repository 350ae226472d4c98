// SPDX-License-Identifier: GPL-3.0-or-later
// Two rankings of the weights of a layer as a picture: where each has what the other has there.
#pragma once

#include "ui/panels/rankings_line.h"
#include "ui/plots/heatmap_data.h"

namespace espalier::ui {

/// Rank by the plan's criterion to the right, by the other downwards, the lowest first; colour =
/// share of the weights of a column. The same order is a line from the upper left to the lower
/// right.
plots::HeatmapData ranksTogether(const LayerRankings& rankings);

/// "magnitude 10 % to 15 %, taylor 0 % to 5 %: 12.5 % of these weights".
QString describeCell(const LayerRankings& rankings, int row, int column);

}  // namespace espalier::ui
