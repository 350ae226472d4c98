// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/heatmap_data.h"

#include <algorithm>
#include <cmath>

namespace espalier::plots {

namespace {

std::size_t indexOf(const HeatmapData& data, int row, int column) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(data.columns) +
           static_cast<std::size_t>(column);
}

/// Keeps in `cell` whichever is larger in magnitude; NaN loses against any number.
void keepLarger(float& cell, float value) {
    if (std::isnan(value)) return;
    if (std::isnan(cell) || std::abs(value) > std::abs(cell)) cell = value;
}

}  // namespace

float HeatmapData::at(int row, int column) const {
    if (row < 0 || column < 0 || row >= rows || column >= columns) return std::nanf("");
    const std::size_t index = indexOf(*this, row, column);
    return index < values.size() ? values[index] : std::nanf("");
}

bool HeatmapData::isRemoved(int row, int column) const {
    if (row < 0 || column < 0 || row >= rows || column >= columns) return false;
    const std::size_t index = indexOf(*this, row, column);
    return index < removed.size() && removed[index] >= 0.5F;
}

Cell cellAt(const HeatmapData& data, double x, double y) {
    const double column = std::floor(x + 0.5);
    const double row = std::floor(y + 0.5);
    const bool inside = column >= 0 && row >= 0 && column < data.columns && row < data.rows;
    return inside ? Cell{static_cast<int>(row), static_cast<int>(column)} : Cell{};
}

Range colorRange(const HeatmapData& data) {
    if (data.range) return usable(*data.range);
    if (data.kind == HeatmapKind::Sparsity) return {0, 1};
    Range range{INFINITY, -INFINITY};
    for (const float value : data.values) {
        if (!std::isfinite(value)) continue;
        range.lower = std::min<double>(range.lower, value);
        range.upper = std::max<double>(range.upper, value);
    }
    if (data.kind == HeatmapKind::Diverging && std::isfinite(range.lower)) {
        const double largest = std::max(std::abs(range.lower), std::abs(range.upper));
        range = largest > 0 ? Range{-largest, largest} : Range{-1, 1};
    }
    return usable(range);
}

HeatmapData pooled(std::span<const float> matrix, int rows, int columns, int limit) {
    HeatmapData data;
    if (rows <= 0 || columns <= 0 || limit <= 0) return data;
    data.rowStride = (rows + limit - 1) / limit;
    data.columnStride = (columns + limit - 1) / limit;
    data.rows = (rows + data.rowStride - 1) / data.rowStride;
    data.columns = (columns + data.columnStride - 1) / data.columnStride;
    const std::size_t cells =
        static_cast<std::size_t>(data.rows) * static_cast<std::size_t>(data.columns);
    data.values.assign(cells, std::nanf(""));
    std::size_t source = 0;
    for (int row = 0; row < rows; ++row) {
        float* line = data.values.data() + indexOf(data, row / data.rowStride, 0);
        for (int column = 0; column < columns && source < matrix.size(); ++column, ++source) {
            keepLarger(line[column / data.columnStride], matrix[source]);
        }
    }
    return data;
}

}  // namespace espalier::plots
