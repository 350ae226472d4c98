// SPDX-License-Identifier: GPL-3.0-or-later
// What lies over a heatmap: the removed cells, the outline of a row, marks on rows. Only for .cpp
// files: includes QCustomPlot.
#pragma once

#include <optional>

#include <QImage>
#include <QPalette>
#include <QPen>

#include "ui/plots/bars_data.h"
#include "ui/plots/heatmap_data.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

/// Pixels of the plot that a part of the matrix takes.
QRectF blockRect(const QCustomPlot* plot, const Block& block);

/// Removed cells in hatched grey; those of which a part stays show their colour through it. The
/// hatch has the same width at every zoom: it reads without colour.
class MaskItem : public QCPAbstractItem {
public:
    explicit MaskItem(QCustomPlot* plot);
    void setMask(const HeatmapData& data);
    /// Leaves out what a finer picture covers.
    void setCovered(const std::optional<Block>& block) { m_covered = block; }
    void setPalette(const QPalette& palette) { m_palette = palette; }
    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

protected:
    void draw(QCPPainter* painter) override;

private:
    QImage m_mask;  // one pixel per cell, opaque where all is removed
    Block m_block;  // what its pixels stand for; those at the ends may stand for less
    std::optional<Block> m_covered;
    QPalette m_palette;
};

/// A frame around rows.
class RowOutline : public QCPAbstractItem {
public:
    explicit RowOutline(QCustomPlot* plot);
    /// None draws nothing.
    void setRows(const std::optional<Block>& rows) { m_rows = rows; }
    void setPen(const QPen& pen) { m_pen = pen; }
    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

protected:
    void draw(QCPPainter* painter) override;

private:
    std::optional<Block> m_rows;
    QPen m_pen;
};

/// At the left end a triangle on rows that stay in any case, a cross on those that go, as on bars.
class RowMarks : public QCPAbstractItem {
public:
    explicit RowMarks(QCustomPlot* plot);
    void setMarks(std::vector<BarMark> marks) { m_marks = std::move(marks); }
    void setPalette(const QPalette& palette) { m_palette = palette; }
    double selectTest(const QPointF&, bool, QVariant*) const override { return -1; }

protected:
    void draw(QCPPainter* painter) override;

private:
    std::vector<BarMark> m_marks;
    QPalette m_palette;
};

}  // namespace espalier::plots
