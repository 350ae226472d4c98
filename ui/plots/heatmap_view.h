// SPDX-License-Identifier: GPL-3.0-or-later
// A matrix as colours: a tensor's weights, a mask, sensitivity, or the sparsity of all layers.
#pragma once

#include <functional>

#include <QSharedPointer>

#include "ui/plots/heatmap_data.h"
#include "ui/plots/plot_view.h"

class QCPColorMap;
class QCPColorScale;

namespace espalier::plots {

class CellTicker;
class SpanTicker;
class MaskItem;
class RowOutline;

/// Cells of a HeatmapData, removed ones under hatched grey, with a colour scale.
///
/// A click on a cell or Enter on the current row selects it; with row labels it serves as the
/// overview of layers (rows = layers). Numbers at the axes count matrix rows and columns (cell ×
/// stride).
class HeatmapView : public PlotView {
    Q_OBJECT

public:
    /// Text for one cell, for the status bar; by default the cell's own value.
    using ReadoutFunction = std::function<QString(int row, int column)>;

    explicit HeatmapView(QWidget* parent = nullptr);
    ~HeatmapView() override;

    /// At most kMaxCells per side (see pooled()); keeps the zoom when the size is the same.
    void setData(HeatmapData data);
    const HeatmapData& data() const { return m_data; }
    void setReadout(ReadoutFunction readout) { m_readout = std::move(readout); }
    /// Only the overlay: what is removed, [rows, columns], or empty. Cheap enough for a drag.
    void setRemoved(std::vector<float> removed);
    void setRemovedVisible(bool visible);
    /// Outlines a row, as when its layer is selected elsewhere; -1 for none. Emits nothing.
    void setCurrentRow(int row);
    int currentRow() const { return m_currentRow; }

    Cell cellAtPixel(const QPointF& pixel) const;
    QRectF cellRect(const Cell& cell) const;  ///< in pixels of the canvas
    QString csv() const override;

Q_SIGNALS:
    void cellClicked(int row, int column);
    void rowClicked(int row);               ///< with every cellClicked, and from the keyboard
    void cellHovered(int row, int column);  ///< -1, -1 when the mouse left

protected:
    void recolor(const QPalette& palette) override;
    QString hoverText(const QPointF& at) const override;
    void extendContextMenu(QMenu& menu) override;
    bool pointerPressed(QMouseEvent& event) override;
    bool pointerMoved(QMouseEvent& event) override;
    bool pointerReleased(QMouseEvent& event) override;
    void prepareReplot() override;
    void keyPressEvent(QKeyEvent* event) override;
    void pointerLeft() override;

private:
    void fillMap();
    void updateAxes();
    void updateAccessibleText();
    void chooseRow(int row);

    HeatmapData m_data;
    ReadoutFunction m_readout;
    QPointF m_pressedAt;
    Cell m_hovered;
    int m_currentRow = -1;
    QCPColorMap* m_map;
    QCPColorScale* m_scale;
    MaskItem* m_mask;
    RowOutline* m_outline;
    QSharedPointer<CellTicker> m_rowTicker;
    QSharedPointer<CellTicker> m_columnTicker;
    QSharedPointer<SpanTicker> m_spanTicker;
};

}  // namespace espalier::plots
