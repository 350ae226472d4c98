// SPDX-License-Identifier: GPL-3.0-or-later
// A matrix to be shown as colours, and the reduction of one that is too large for the screen.
#pragma once

#include <QString>
#include <QStringList>
#include <cstdint>
#include <optional>
#include <span>
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

    bool isEmpty() const { return rows <= 0 || columns <= 0; }
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

/// Cell whose centre is nearest to plot coordinates (x = column, y = row); invalid outside of the
/// matrix.
Cell cellAt(const HeatmapData& data, double x, double y);
/// Range of the colour scale: `data.range`, symmetric about 0 when diverging, [0, 1] for sparsity.
/// Never empty.
Range colorRange(const HeatmapData& data);

/// `matrix` [rows, columns] with at most `limit` cells per side: each cell takes the value of
/// largest magnitude in its block (NaN passed over), with the strides filled in. For a job: takes
/// about 5 ms per million values.
HeatmapData pooled(std::span<const float> matrix, int rows, int columns, int limit = kMaxCells);

}  // namespace espalier::plots
