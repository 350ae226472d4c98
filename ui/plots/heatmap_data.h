// SPDX-License-Identifier: GPL-3.0-or-later
// A matrix to be shown as colours, whole or a part of it, and how fine the picture must be.
#pragma once

#include <QString>
#include <QStringList>
#include <cstdint>
#include <optional>
#include <vector>

#include "ui/plots/plot_math.h"

namespace espalier::plots {

/// How values become colours.
enum class HeatmapKind {
    Diverging,   ///< blue, background, orange with 0 in the middle
    Sequential,  ///< dark to light, perceptually uniform (viridis-like)
    Sparsity     ///< 0 to 1: kept blue to removed orange
};

inline constexpr int kMaxCells = 1024;  ///< per side

/// Rows and columns of a matrix; ends are one past the last.
struct Block {
    int rowBegin = 0;
    int rowEnd = 0;
    int columnBegin = 0;
    int columnEnd = 0;

    int rows() const { return rowEnd - rowBegin; }
    int columns() const { return columnEnd - columnBegin; }
    bool contains(const Block& other) const;
    bool operator==(const Block&) const = default;
};

/// Cells row by row; NaN cells stay empty. Row 0 is at the top.
struct HeatmapData {
    QString name;  ///< "conv1.weight"
    int rows = 0;
    int columns = 0;
    std::vector<float> values;  ///< [rows, columns]
    /// [rows, columns], share of the cell that the plan removes; empty: no overlay
    std::vector<float> removed;
    QStringList rowLabels;     ///< one per row, or empty for numbers
    QStringList columnLabels;  ///< one per column, or empty for numbers
    /// Numbers that the lower axis shows from edge to edge instead; none: columns
    std::optional<Range> columnScale;
    QString rowTitle;     ///< "output channel"
    QString columnTitle;  ///< "input channel × kernel"
    QString valueTitle;   ///< "weight"
    HeatmapKind kind = HeatmapKind::Diverging;
    std::optional<Range> range;  ///< of the colour scale; none: from the values
    int rowStride = 1;           ///< matrix rows that one cell stands for
    int columnStride = 1;        ///< matrix columns that one cell stands for
    /// What of the matrix the cells stand for; none: all that fits into them, from 0 on
    std::optional<Block> part;
    QString csvValue = QStringLiteral("value");  ///< heads the column of values

    bool isEmpty() const { return rows <= 0 || columns <= 0; }
    bool isReduced() const { return rowStride > 1 || columnStride > 1; }
    float at(int row, int column) const;
    bool isRemoved(int row, int column) const;  ///< most of the cell is
    bool operator==(const HeatmapData&) const = default;
};

/// A cell by row and column; both -1 when there is none.
struct Cell {
    int row = -1;
    int column = -1;

    bool isValid() const { return row >= 0 && column >= 0; }
    bool operator==(const Cell&) const = default;
};

/// What of the matrix all cells, or one of them, stand for.
Block blockOf(const HeatmapData& data);
Block blockOf(const HeatmapData& data, const Cell& cell);
/// Cell at plot coordinates (x = matrix column, y = matrix row, whole numbers in the middle);
/// invalid outside of the picture.
Cell cellAt(const HeatmapData& data, double x, double y);
/// Range of the colour scale: `data.range`, symmetric about 0 when diverging, [0, 1] for sparsity.
/// Never empty.
Range colorRange(const HeatmapData& data);

/// Whether a picture of `seen` with kMaxCells per side would show no more than `data` does.
bool isFineEnough(const HeatmapData& data, const Block& seen);
/// `seen` with as much around it, within `whole`, as costs no cell its fineness.
Block withSurroundings(const Block& seen, const Block& whole);

}  // namespace espalier::plots
