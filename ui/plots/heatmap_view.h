// SPDX-License-Identifier: GPL-3.0-or-later
// A matrix as colours: a tensor's weights, a mask, sensitivity, or the sparsity of all layers.
#pragma once

#include <functional>

#include <QSharedPointer>

#include "ui/plots/bars_data.h"
#include "ui/plots/heatmap_data.h"
#include "ui/plots/plot_view.h"

class QCPColorMap;
class QCPColorScale;

namespace espalier::plots {

class CellTicker;
class SpanTicker;
class MaskItem;
class RowMarks;
class RowOutline;

/// Cells of a HeatmapData, removed ones under hatched grey, with a colour scale.
///
/// Plot coordinates, and all rows and columns that this class takes and gives, are those of the
/// matrix, however many of them a cell stands for. A finer picture of a part may lie over the
/// whole. A click on a cell or Enter on the current row selects it; with row labels it serves as
/// the overview of layers (rows = layers).
class HeatmapView : public PlotView {
    Q_OBJECT

public:
    /// Text for what stands at a row and column, for the status bar; by default the cell's value.
    using ReadoutFunction = std::function<QString(int row, int column)>;

    explicit HeatmapView(QWidget* parent = nullptr);
    ~HeatmapView() override;

    /// At most kMaxCells per side. Keeps the zoom when the size is the same, and the detail when
    /// the same values of the same matrix come again.
    void setData(HeatmapData data);
    const HeatmapData& data() const { return m_data; }
    /// Shows a part of the same matrix in finer cells; none: an empty one.
    void setDetail(HeatmapData detail);
    const HeatmapData& detail() const { return m_detail; }
    /// What of the matrix lies inside the axes.
    Block seen() const;
    /// The finest picture that is shown at this place.
    const HeatmapData& pictureAt(int row, int column) const;

    void setReadout(ReadoutFunction readout) { m_readout = std::move(readout); }
    /// The tooltip of a row's name, which may be shortened; by default the whole name.
    using RowTipFunction = std::function<QString(int row)>;
    void setRowTip(RowTipFunction tip) { m_rowTip = std::move(tip); }
    void setRemovedVisible(bool visible);
    /// Outlines a row, as when its layer is selected elsewhere; -1 for none. Emits nothing.
    void setCurrentRow(int row);
    int currentRow() const { return m_currentRow; }
    /// A thinner outline, for what the mouse is over elsewhere; -1 for none. Emits nothing.
    void setHighlightedRow(int row);
    int highlightedRow() const { return m_highlightedRow; }
    /// At the left edge: what a person said about each row; empty: nothing.
    void setRowMarks(std::vector<BarMark> marks);
    const std::vector<BarMark>& rowMarks() const { return m_rowMarks; }

    QRectF rectOf(const Block& block) const;  ///< in pixels of the canvas
    QRectF cellRect(const Cell& cell) const;  ///< the same for a cell of `data()`
    /// The detail where one is shown, else all cells.
    QString csv() const override;

Q_SIGNALS:
    void cellClicked(int row, int column);  ///< the first that the cell stands for, as below
    void rowClicked(int row);               ///< with every cellClicked, and from the keyboard
    void rowActivated(int row);             ///< Enter or Space on the current row
    void cellHovered(int row, int column);  ///< -1, -1 when the mouse left
    void seenChanged();                     ///< zoomed or moved

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
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QString rowTipAt(const QPointF& pixel) const;
    Cell entryAt(const QPointF& pixel) const;
    QCPColorMap* addMap();
    MaskItem* addMask();
    void showDetail();
    void updateAxes();
    void updateAccessibleText();
    void updateOutlines();
    void chooseRow(int row);

    HeatmapData m_data;
    HeatmapData m_detail;
    ReadoutFunction m_readout;
    RowTipFunction m_rowTip;
    QPointF m_pressedAt;
    Cell m_hovered;  // row and column of the matrix
    int m_currentRow = -1;
    int m_highlightedRow = -1;
    std::vector<BarMark> m_rowMarks;
    QCPColorScale* m_scale;
    QCPColorMap* m_map;
    QCPColorMap* m_detailMap;
    MaskItem* m_mask;
    MaskItem* m_detailMask;
    RowOutline* m_outline;
    RowOutline* m_highlight;
    RowMarks* m_marks;
    QSharedPointer<CellTicker> m_rowTicker;
    QSharedPointer<CellTicker> m_columnTicker;
    QSharedPointer<SpanTicker> m_spanTicker;
};

}  // namespace espalier::plots
