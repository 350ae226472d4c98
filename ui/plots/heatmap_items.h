// SPDX-License-Identifier: GPL-3.0-or-later
// What lies over a heatmap: the removed cells and the outline of a row. Only for .cpp files:
// includes QCustomPlot.
#pragma once

#include <QImage>
#include <QPalette>

#include "ui/plots/heatmap_data.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

/// Pixels of the plot that cells [firstRow, lastRow] × [firstColumn, lastColumn] take.
QRectF cellsRect(const QCustomPlot* plot, const Cell& first, const Cell& last);

/// Removed cells in hatched grey; those of which a part stays show their colour through it. The
/// hatch has the same width at every zoom: it reads without colour.
class MaskItem : public QCPAbstractItem {
public:
    explicit MaskItem(QCustomPlot* plot);
    void setMask(const HeatmapData& data);
    void setPalette(const QPalette& palette) { m_palette = palette; }
    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

protected:
    void draw(QCPPainter* painter) override;

private:
    QImage m_mask;  // one pixel per cell, opaque where all is removed
    QPalette m_palette;
};

/// A frame around one row.
class RowOutline : public QCPAbstractItem {
public:
    explicit RowOutline(QCustomPlot* plot);
    /// Row -1 draws nothing.
    void setRow(int row, int columns);
    void setColor(const QColor& color) { m_color = color; }
    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

protected:
    void draw(QCPPainter* painter) override;

private:
    int m_row = -1;
    int m_columns = 0;
    QColor m_color;
};

}  // namespace espalier::plots
