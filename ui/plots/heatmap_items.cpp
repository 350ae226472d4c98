// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/heatmap_items.h"

#include <cmath>

#include "ui/style/colors.h"

namespace espalier::plots {

QRectF blockRect(const QCustomPlot* plot, const Block& block) {
    const double left = plot->xAxis->coordToPixel(block.columnBegin - 0.5);
    const double right = plot->xAxis->coordToPixel(block.columnEnd - 0.5);
    const double top = plot->yAxis->coordToPixel(block.rowBegin - 0.5);
    const double bottom = plot->yAxis->coordToPixel(block.rowEnd - 0.5);
    return QRectF(QPointF(left, top), QPointF(right, bottom)).normalized();
}

namespace {

// What stays of a cell must still be seen.
constexpr float kMostOfAPart = 0.6F;
constexpr double kMarkSize = 9;

int alphaOf(const HeatmapData& data, int row, int column) {
    const auto index = static_cast<std::size_t>(row) * static_cast<std::size_t>(data.columns) +
                       static_cast<std::size_t>(column);
    const float share = index < data.removed.size() ? data.removed[index] : 0;
    return static_cast<int>(std::lround(255 * (share >= 1 ? 1 : kMostOfAPart * share)));
}

}  // namespace

MaskItem::MaskItem(QCustomPlot* plot) : QCPAbstractItem(plot) {
    setSelectable(false);
}

void MaskItem::setMask(const HeatmapData& data) {
    m_mask = QImage();
    if (data.isEmpty() || data.removed.empty()) return;
    m_block = blockOf(data);
    m_block.rowEnd = m_block.rowBegin + data.rows * data.rowStride;
    m_block.columnEnd = m_block.columnBegin + data.columns * data.columnStride;
    m_mask = QImage(data.columns, data.rows, QImage::Format_ARGB32_Premultiplied);
    for (int row = 0; row < data.rows; ++row) {
        auto* line = reinterpret_cast<QRgb*>(m_mask.scanLine(row));
        for (int column = 0; column < data.columns; ++column) {
            line[column] = qRgba(0, 0, 0, alphaOf(data, row, column));
        }
    }
}

void MaskItem::draw(QCPPainter* painter) {
    if (m_mask.isNull()) return;
    const QRectF target = blockRect(mParentPlot, m_block);
    // On whole pixels, or painting the tint would blur its lines.
    const QRectF shown = (target & QRectF(mParentPlot->axisRect()->rect())).toAlignedRect();
    if (shown.isEmpty()) return;

    // Of the screen, or of an enlarged picture.
    const double scale = painter->deviceTransform().m11();
    QImage tint((shown.size() * scale).toSize() + QSize(1, 1), QImage::Format_ARGB32_Premultiplied);
    tint.setDevicePixelRatio(scale);
    tint.fill(Qt::transparent);
    QPainter tinter(&tint);
    const QRectF all(QPointF(), shown.size());
    tinter.fillRect(all, style::hatchTile(style::removedCellHatch(m_palette),
                                          style::removedCellFill(m_palette), scale));
    tinter.setCompositionMode(QPainter::CompositionMode_DestinationIn);
    tinter.drawImage(target.translated(-shown.topLeft()), m_mask);
    tinter.end();
    painter->save();
    painter->setClipRect(target, Qt::IntersectClip);
    if (m_covered) {
        const QRect covered = blockRect(mParentPlot, *m_covered).toRect();
        painter->setClipRegion(QRegion(shown.toRect()) - covered, Qt::IntersectClip);
    }
    painter->drawImage(shown.topLeft(), tint);
    painter->restore();
}

RowOutline::RowOutline(QCustomPlot* plot) : QCPAbstractItem(plot) {
    setSelectable(false);
}

void RowOutline::draw(QCPPainter* painter) {
    if (!m_rows) return;
    const double half = m_pen.widthF() / 2;
    painter->setAntialiasing(false);
    painter->setPen(m_pen);
    painter->setBrush(Qt::NoBrush);
    painter->drawRect(blockRect(mParentPlot, *m_rows).adjusted(half, half, -half, -half));
}

RowMarks::RowMarks(QCustomPlot* plot) : QCPAbstractItem(plot) {
    setSelectable(false);
}

void RowMarks::draw(QCPPainter* painter) {
    const style::Colors& colors = style::colorsFor(m_palette);
    const QRect area = mParentPlot->axisRect()->rect();
    const double x = area.left() + kMarkSize;
    painter->setAntialiasing(true);
    for (std::size_t row = 0; row < m_marks.size(); ++row) {
        if (m_marks[row] == BarMark::None) continue;
        const QPointF at(x, mParentPlot->yAxis->coordToPixel(static_cast<double>(row)));
        if (!area.contains(at.toPoint())) continue;
        painter->setPen(Qt::NoPen);
        painter->setBrush(m_palette.base());  // to be seen on any colour
        painter->drawEllipse(at, kMarkSize * 0.75, kMarkSize * 0.75);
        const bool isKept = m_marks[row] == BarMark::Keep;
        const QCPScatterStyle shape =
            isKept ? QCPScatterStyle(QCPScatterStyle::ssTriangle, QPen(colors.text, 1), colors.kept,
                                     kMarkSize)
                   : QCPScatterStyle(QCPScatterStyle::ssCross, QPen(colors.removed, 2), Qt::NoBrush,
                                     kMarkSize);
        shape.applyTo(painter, painter->pen());
        shape.drawShape(painter, at);
    }
}

}  // namespace espalier::plots
