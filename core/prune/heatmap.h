// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of weights and masks, reduced to at most a screenful of cells.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/model/snapshot.h"
#include "core/prune/masks.h"

namespace espalier::prune {

/// A part of the weight seen as [out, in*kh*kw], or as [out, in] where kernels are folded. Ends are
/// one past the last.
struct HeatmapWindow {
    std::int64_t rowBegin = 0;
    std::int64_t rowEnd = 0;
    std::int64_t columnBegin = 0;
    std::int64_t columnEnd = 0;

    bool operator==(const HeatmapWindow&) const = default;
};

/// Row-major cells of `window`. A cell stands for `rowStep` x `columnStep` entries, those at the
/// ends for what is left.
struct Heatmap {
    HeatmapWindow window;
    int rows = 0;
    int columns = 0;
    std::int64_t rowStep = 1;
    std::int64_t columnStep = 1;
    std::vector<float> values;
    std::vector<float> removed;  ///< share of the cell that is removed, 0..1; empty when nothing is

    bool operator==(const Heatmap&) const = default;
};

enum class HeatmapValue {
    Weight,
    Magnitude,
    Mask  ///< the share removed, 0..1, as the value
};
enum class Kernels { Unfolded, Folded };  ///< Folded: one cell a kernel, mean |w| over kh*kw

struct HeatmapOptions {
    HeatmapValue value = HeatmapValue::Weight;
    Kernels kernels = Kernels::Unfolded;
    int maxCells =
        1024;  ///< per side; larger tensors: the entry of largest magnitude of each block
    std::optional<HeatmapWindow> window = {};  ///< cut to the weight; none: all of it
};

/// One layer's weight. `masks` may be null. Errors: Cancelled.
Result<Heatmap> weightHeatmap(const model::Snapshot& snapshot, const MasksPtr& masks,
                              model::LayerId layer, const HeatmapOptions& options,
                              RunControl& control);

/// Weights of a layer, from the first to one past the last, that a cell of the overview stands for.
struct WeightRun {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    bool operator==(const WeightRun&) const = default;
};
/// The `bin`-th of `bins` equal runs of `weights`; of fewer weights than bins the one it falls on.
WeightRun overviewRun(std::int64_t weights, int bin, int bins);

/// Layers x position: cell (l, b) is the sparsity of the b-th of `bins` equal runs of layer l's
/// flattened weight. Rows follow the prunable layers; see `overviewLayers`. Errors: Cancelled.
Result<Heatmap> overviewHeatmap(const model::Snapshot& snapshot, const Masks& masks, int bins,
                                RunControl& control);

/// The layers the overview's rows stand for.
std::vector<model::LayerId> overviewLayers(const model::Snapshot& snapshot);

/// The exact weight at [out, rest] of the weight seen as [out, in*kh*kw], and whether it is kept.
struct WeightAt {
    double value = 0;
    bool kept = true;
};
WeightAt weightAt(const model::Snapshot& snapshot, const MasksPtr& masks, model::LayerId layer,
                  std::int64_t row, std::int64_t column);

}  // namespace espalier::prune
