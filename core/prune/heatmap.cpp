// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/heatmap.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/format.h"
#include "core/model/snapshot_torch.h"
#include "core/model/weight_values_torch.h"
#include "core/prune/masks_torch.h"

namespace espalier::prune {

namespace {

Error cancelledError() {
    return {Error::Kind::Cancelled, "Stopped", "", ""};
}

/// A weight seen as entries [out, in*kh*kw], or [out, in] of kernels; a vector is one column.
struct Extent {
    std::int64_t rows = 1;
    std::int64_t columns = 1;
    std::int64_t weightsPerEntry = 1;  ///< kh*kw of a folded kernel

    std::int64_t weightsPerRow() const { return columns * weightsPerEntry; }
};

Extent extentOf(const std::vector<std::int64_t>& shape, Kernels kernels) {
    Extent extent;
    if (!shape.empty()) extent.rows = shape[0];
    for (std::size_t i = 1; i < shape.size(); ++i) {
        const bool isFolded = i >= 2 && kernels == Kernels::Folded;
        (isFolded ? extent.weightsPerEntry : extent.columns) *= shape[i];
    }
    return extent;
}

HeatmapWindow windowOf(const Extent& extent, const std::optional<HeatmapWindow>& wanted) {
    const HeatmapWindow all{0, extent.rows, 0, extent.columns};
    if (!wanted) return all;
    HeatmapWindow window;
    window.rowBegin = std::clamp<std::int64_t>(wanted->rowBegin, 0, all.rowEnd);
    window.rowEnd = std::clamp(wanted->rowEnd, window.rowBegin, all.rowEnd);
    window.columnBegin = std::clamp<std::int64_t>(wanted->columnBegin, 0, all.columnEnd);
    window.columnEnd = std::clamp(wanted->columnEnd, window.columnBegin, all.columnEnd);
    return window;
}

std::int64_t stepFor(std::int64_t entries, int maxCells) {
    const std::int64_t cells = std::max(maxCells, 1);
    return std::max<std::int64_t>((entries + cells - 1) / cells, 1);
}

int cellsFor(std::int64_t entries, std::int64_t step) {
    return static_cast<int>((entries + step - 1) / step);
}

/// In place: the mean magnitude of each run of `kernel` values, at the front of `row`.
void foldKernels(std::span<float> row, std::int64_t kernel) {
    const auto size = static_cast<std::size_t>(kernel);
    for (std::size_t i = 0; i < row.size() / size; ++i) {
        double sum = 0;
        for (std::size_t j = 0; j < size; ++j)
            sum += std::abs(static_cast<double>(row[i * size + j]));
        row[i] = static_cast<float>(sum / static_cast<double>(size));
    }
}

/// Puts into each cell the entry of largest magnitude of its part of one row; the first of equal
/// ones.
void poolRow(std::span<const float> row, std::int64_t step, std::span<float> cells) {
    for (std::size_t cell = 0; cell < cells.size(); ++cell) {
        const std::size_t begin = cell * static_cast<std::size_t>(step);
        const std::size_t end = std::min(begin + static_cast<std::size_t>(step), row.size());
        float best = cells[cell];
        for (std::size_t i = begin; i < end; ++i)
            best = std::abs(row[i]) > std::abs(best) ? row[i] : best;
        cells[cell] = best;
    }
}

std::span<float> rowOf(std::vector<float>& cells, const Heatmap& map, std::int64_t row) {
    const std::int64_t cell = (row - map.window.rowBegin) / map.rowStep;
    return std::span(cells).subspan(static_cast<std::size_t>(cell * map.columns),
                                    static_cast<std::size_t>(map.columns));
}

/// Where the window's part of a row begins in the weight.
std::int64_t firstWeight(const Heatmap& map, const Extent& extent, std::int64_t row) {
    return row * extent.weightsPerRow() + map.window.columnBegin * extent.weightsPerEntry;
}

bool poolValues(Heatmap& map, const model::WeightValues& values, const Extent& extent,
                Kernels kernels, RunControl& control) {
    const std::int64_t entries = map.window.columnEnd - map.window.columnBegin;
    std::vector<float> row(static_cast<std::size_t>(entries * extent.weightsPerEntry));
    for (std::int64_t r = map.window.rowBegin; r < map.window.rowEnd; ++r) {
        if (!control.keepGoing()) return false;
        values.read(firstWeight(map, extent, r), std::span(row));
        if (kernels == Kernels::Folded) foldKernels(row, extent.weightsPerEntry);
        poolRow(std::span<const float>(row.data(), static_cast<std::size_t>(entries)),
                map.columnStep, rowOf(map.values, map, r));
    }
    return true;
}

/// Counts removed weights into each cell, then divides by the cell's weights.
bool poolRemoved(Heatmap& map, const at::Tensor& kept, const Extent& extent, RunControl& control) {
    map.removed.assign(map.values.size(), 0.0F);
    const at::Tensor contiguous = kept.contiguous();
    const bool* mask = contiguous.const_data_ptr<bool>();
    const std::int64_t step = map.columnStep * extent.weightsPerEntry;
    const std::int64_t weights =
        (map.window.columnEnd - map.window.columnBegin) * extent.weightsPerEntry;
    for (std::int64_t r = map.window.rowBegin; r < map.window.rowEnd; ++r) {
        if (!control.keepGoing()) return false;
        const std::span<float> cells = rowOf(map.removed, map, r);
        const bool* row = mask + firstWeight(map, extent, r);
        const std::int64_t firstRowOfCell = r - (r - map.window.rowBegin) % map.rowStep;
        const std::int64_t rowsOfCell = std::min(map.rowStep, map.window.rowEnd - firstRowOfCell);
        for (std::int64_t cell = 0; cell < map.columns; ++cell) {
            const std::int64_t begin = cell * step;
            const std::int64_t end = std::min(begin + step, weights);
            const auto removed = std::count(row + begin, row + end, false);
            cells[static_cast<std::size_t>(cell)] +=
                static_cast<float>(removed) / static_cast<float>((end - begin) * rowsOfCell);
        }
    }
    return true;
}

Heatmap emptyCells(const Extent& extent, const HeatmapOptions& options) {
    Heatmap map;
    map.window = windowOf(extent, options.window);
    const std::int64_t rows = map.window.rowEnd - map.window.rowBegin;
    const std::int64_t columns = map.window.columnEnd - map.window.columnBegin;
    if (rows * columns * extent.weightsPerEntry == 0) return {};
    map.rowStep = stepFor(rows, options.maxCells);
    map.columnStep = stepFor(columns, options.maxCells);
    map.rows = cellsFor(rows, map.rowStep);
    map.columns = cellsFor(columns, map.columnStep);
    map.values.assign(static_cast<std::size_t>(map.rows) * static_cast<std::size_t>(map.columns),
                      0.0F);
    return map;
}

}  // namespace

Result<Heatmap> weightHeatmap(const model::Snapshot& snapshot, const MasksPtr& masks,
                              model::LayerId layer, const HeatmapOptions& options,
                              RunControl& control) {
    return guarded("Cannot draw " + snapshot.layer(layer).name, [&]() -> Result<Heatmap> {
        const auto values = model::weightValues(snapshot, layer);
        if (!values) return values.error();
        const Extent extent = extentOf(snapshot.layer(layer).shape, options.kernels);
        Heatmap map = emptyCells(extent, options);
        if (map.values.empty()) return map;
        const bool isMask = options.value == HeatmapValue::Mask;
        if (!isMask && !poolValues(map, *values, extent, options.kernels, control))
            return cancelledError();
        if (options.value == HeatmapValue::Magnitude) {
            for (float& value : map.values) value = std::abs(value);
        }
        const bool hasMask = masks && keptMask(*masks, layer).defined();
        if (hasMask && !poolRemoved(map, keptMask(*masks, layer), extent, control))
            return cancelledError();
        if (isMask && hasMask) map.values = std::exchange(map.removed, {});
        return map;
    });
}

std::vector<model::LayerId> overviewLayers(const model::Snapshot& snapshot) {
    std::vector<model::LayerId> layers;
    for (const model::Layer& layer : snapshot.layers()) {
        if (layer.prunable.weights && layer.weightCount > 0) layers.push_back(layer.id);
    }
    return layers;
}

WeightRun overviewRun(std::int64_t weights, int bin, int bins) {
    const std::int64_t begin = bin * weights / bins;
    return {begin, std::max((bin + 1) * weights / bins, begin + 1)};
}

Result<Heatmap> overviewHeatmap(const model::Snapshot& snapshot, const Masks& masks, int bins,
                                RunControl& control) {
    return guarded("Cannot draw the overview", [&]() -> Result<Heatmap> {
        if (bins < 1) {
            return Error{Error::Kind::BadArgument, "Cannot draw the overview", cat(bins, " bins"),
                         "Use 1 or more"};
        }
        const auto layers = overviewLayers(snapshot);
        Heatmap map;
        map.rows = static_cast<int>(layers.size());
        map.columns = bins;
        map.values.reserve(layers.size() * static_cast<std::size_t>(bins));
        for (const model::LayerId layer : layers) {
            if (!control.keepGoing()) return cancelledError();
            const at::Tensor& kept = keptMask(masks, layer);
            const at::Tensor mask = kept.defined() ? kept.contiguous() : kept;
            const std::int64_t count = snapshot.layer(layer).weightCount;
            for (int bin = 0; bin < bins; ++bin) {
                const auto [begin, end] = overviewRun(count, bin, bins);
                const bool* first = mask.defined() ? mask.const_data_ptr<bool>() : nullptr;
                const auto removed = first ? std::count(first + begin, first + end, false) : 0;
                map.values.push_back(static_cast<float>(removed) / static_cast<float>(end - begin));
            }
        }
        return map;
    });
}

WeightAt weightAt(const model::Snapshot& snapshot, const MasksPtr& masks, model::LayerId layer,
                  std::int64_t row, std::int64_t column) {
    const at::Tensor weight = model::weight(snapshot, layer);
    std::vector<std::int64_t> index;  // innermost first
    for (std::size_t dimension = weight.sizes().size(); dimension-- > 1;) {
        index.push_back(column % weight.size(static_cast<std::int64_t>(dimension)));
        column /= weight.size(static_cast<std::int64_t>(dimension));
    }
    if (weight.dim() > 0) index.push_back(row);
    const auto entry = [&](at::Tensor tensor) {
        for (std::size_t i = index.size(); i-- > 0;) tensor = tensor.select(0, index[i]);
        return tensor;
    };
    WeightAt result;
    result.value = entry(weight).item().toDouble();
    if (masks && keptMask(*masks, layer).defined())
        result.kept = entry(keptMask(*masks, layer)).item().toBool();
    return result;
}

}  // namespace espalier::prune
