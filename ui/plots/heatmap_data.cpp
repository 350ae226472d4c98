// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/heatmap_data.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

namespace espalier::plots {

namespace {

std::size_t indexOf(const HeatmapData& data, int row, int column) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(data.columns) +
           static_cast<std::size_t>(column);
}

/// Matrix rows or columns that one of at most kMaxCells cells stands for.
int strideFor(int entries) {
    return std::max(1, (entries + kMaxCells - 1) / kMaxCells);
}

/// [begin, end) of `size` about the middle of [begin, end), moved into [low, high).
std::pair<int, int> spread(int begin, int end, int low, int high) {
    const int size = std::min(strideFor(end - begin) * kMaxCells, high - low);
    const int first = std::clamp(begin - (size - (end - begin)) / 2, low, high - size);
    return {first, first + size};
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

bool Block::contains(const Block& other) const {
    return rowBegin <= other.rowBegin && other.rowEnd <= rowEnd &&
           columnBegin <= other.columnBegin && other.columnEnd <= columnEnd;
}

Block blockOf(const HeatmapData& data) {
    return data.part.value_or(
        Block{0, data.rows * data.rowStride, 0, data.columns * data.columnStride});
}

Block blockOf(const HeatmapData& data, const Cell& cell) {
    const Block all = blockOf(data);
    Block block;
    block.rowBegin = all.rowBegin + cell.row * data.rowStride;
    block.rowEnd = std::min(block.rowBegin + data.rowStride, all.rowEnd);
    block.columnBegin = all.columnBegin + cell.column * data.columnStride;
    block.columnEnd = std::min(block.columnBegin + data.columnStride, all.columnEnd);
    return block;
}

Cell cellAt(const HeatmapData& data, double x, double y) {
    const Block all = blockOf(data);
    const double column = std::floor(x + 0.5);
    const double row = std::floor(y + 0.5);
    const bool inside = column >= all.columnBegin && row >= all.rowBegin &&
                        column < all.columnEnd && row < all.rowEnd;
    if (!inside) return {};
    return {(static_cast<int>(row) - all.rowBegin) / data.rowStride,
            (static_cast<int>(column) - all.columnBegin) / data.columnStride};
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

bool isFineEnough(const HeatmapData& data, const Block& seen) {
    return blockOf(data).contains(seen) && data.rowStride <= strideFor(seen.rows()) &&
           data.columnStride <= strideFor(seen.columns());
}

Block withSurroundings(const Block& seen, const Block& whole) {
    Block block;
    std::tie(block.rowBegin, block.rowEnd) =
        spread(seen.rowBegin, seen.rowEnd, whole.rowBegin, whole.rowEnd);
    std::tie(block.columnBegin, block.columnEnd) =
        spread(seen.columnBegin, seen.columnEnd, whole.columnBegin, whole.columnEnd);
    return block;
}

}  // namespace espalier::plots
