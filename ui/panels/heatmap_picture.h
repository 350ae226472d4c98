// SPDX-License-Identifier: GPL-3.0-or-later
// A layer's heatmap as the plot takes it, with the words for its axes, its colours and its table.
#pragma once

#include "core/prune/heatmap.h"
#include "ui/plots/heatmap_data.h"

namespace espalier::ui {

bool hasKernels(const model::Layer& layer);

plots::HeatmapData pictureOf(const model::Layer& layer, const prune::HeatmapOptions& options,
                             const prune::Heatmap& heatmap);

}  // namespace espalier::ui
