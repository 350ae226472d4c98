// SPDX-License-Identifier: GPL-3.0-or-later
// The hand on HeatmapView.
#include <algorithm>

#include <QApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>

#include "ui/plots/heatmap_view.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

/// The first row and column that the cell there stands for.
Cell HeatmapView::entryAt(const QPointF& pixel) const {
    if (!plotArea().contains(pixel)) return {};
    const double x = xMap().toValue(pixel.x());
    const double y = yMap().toValue(pixel.y());
    for (const HeatmapData* picture : {&m_detail, &m_data}) {
        const Cell cell = cellAt(*picture, x, y);
        if (!cell.isValid()) continue;
        const Block block = blockOf(*picture, cell);
        return {block.rowBegin, block.columnBegin};
    }
    return {};
}

bool HeatmapView::pointerPressed(QMouseEvent& event) {
    m_pressedAt = event.position();
    return false;
}

bool HeatmapView::pointerMoved(QMouseEvent& event) {
    const Cell cell = entryAt(event.position());
    if (cell == m_hovered) return false;
    m_hovered = cell;
    Q_EMIT cellHovered(cell.row, cell.column);
    return false;
}

bool HeatmapView::pointerReleased(QMouseEvent& event) {
    const double moved = (event.position() - m_pressedAt).manhattanLength();
    const Cell cell = entryAt(event.position());
    if (!cell.isValid() || moved >= QApplication::startDragDistance()) return false;
    Q_EMIT cellClicked(cell.row, cell.column);
    Q_EMIT rowClicked(cell.row);
    return false;
}

void HeatmapView::pointerLeft() {
    if (!m_hovered.isValid()) return;
    m_hovered = {};
    Q_EMIT cellHovered(-1, -1);
}

bool HeatmapView::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::ToolTip && watched == canvas()) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const QString tip = rowTipAt(help->pos());
        if (!tip.isEmpty()) {
            QToolTip::showText(help->globalPos(), tip, this);
            return true;
        }
    }
    return PlotView::eventFilter(watched, event);
}

void HeatmapView::keyPressEvent(QKeyEvent* event) {
    const bool isListed = m_currentRow >= 0 || !m_data.rowLabels.isEmpty();
    const int key = event->key();
    if (isListed && (key == Qt::Key_Up || key == Qt::Key_Down)) {
        return chooseRow(m_currentRow + (key == Qt::Key_Down ? 1 : -1));
    }
    if (isListed && (key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Space)) {
        chooseRow(m_currentRow);
        Q_EMIT rowActivated(m_currentRow);
        return;
    }
    PlotView::keyPressEvent(event);
}

void HeatmapView::chooseRow(int row) {
    if (m_data.isEmpty()) return;
    setCurrentRow(std::clamp(row, 0, m_data.rows - 1));
    Q_EMIT rowClicked(m_currentRow);
}

}  // namespace espalier::plots
