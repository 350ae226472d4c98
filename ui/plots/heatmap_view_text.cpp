// SPDX-License-Identifier: GPL-3.0-or-later
// What HeatmapView says: at the mouse, to assistive technology, as a table.
#include <cmath>

#include "core/base/format.h"
#include "ui/plots/csv.h"
#include "ui/plots/heatmap_view.h"

namespace espalier::plots {

namespace {

QString nameOf(const QStringList& names, int entry) {
    return entry < names.size() ? names[entry] : QString::number(entry);
}

QString valueText(const HeatmapData& data, float value) {
    if (std::isnan(value)) return HeatmapView::tr("no value");
    return QString::fromStdString(data.kind == HeatmapKind::Sparsity ? percent(value)
                                                                     : significant(value));
}

/// "3,7" for one entry of the matrix; "2,3,6,8", first and last row and column, for a cell of many.
QString place(const HeatmapData& data, const Cell& cell) {
    const Block block = blockOf(data, cell);
    if (!data.isReduced()) {
        return csvField(nameOf(data.rowLabels, block.rowBegin)) + u',' +
               csvField(nameOf(data.columnLabels, block.columnBegin));
    }
    return QStringLiteral("%1,%2,%3,%4")
        .arg(block.rowBegin)
        .arg(block.rowEnd - 1)
        .arg(block.columnBegin)
        .arg(block.columnEnd - 1);
}

/// Whether one entry is removed; of a cell of many, which share.
QString removedText(const HeatmapData& data, const Cell& cell) {
    if (!data.isReduced())
        return data.isRemoved(cell.row, cell.column) ? QStringLiteral("1") : QStringLiteral("0");
    const auto index = static_cast<std::size_t>(cell.row) * static_cast<std::size_t>(data.columns) +
                       static_cast<std::size_t>(cell.column);
    return csvNumber(static_cast<double>(data.removed[index]));
}

}  // namespace

QString HeatmapView::hoverText(const QPointF& at) const {
    if (!cellAt(m_data, at.x(), at.y()).isValid()) return {};
    const int row = static_cast<int>(std::floor(at.y() + 0.5));
    const int column = static_cast<int>(std::floor(at.x() + 0.5));
    if (m_readout) return m_readout(row, column);
    const HeatmapData& picture = pictureAt(row, column);
    const Cell cell = cellAt(picture, column, row);
    const Block block = blockOf(picture, cell);
    const QString where = tr("%1, %2").arg(nameOf(m_data.rowLabels, block.rowBegin),
                                           nameOf(m_data.columnLabels, block.columnBegin));
    const QString state = picture.isRemoved(cell.row, cell.column) ? tr(" (removed)") : QString();
    return where + QStringLiteral(": ") + valueText(picture, picture.at(cell.row, cell.column)) +
           state;
}

/// Left of the axis, where the names stand.
QString HeatmapView::rowTipAt(const QPointF& pixel) const {
    const QRectF area = plotArea();
    const bool isAtNames = pixel.x() < area.left() && pixel.y() >= area.top() &&
                           pixel.y() < area.bottom() && !m_data.rowLabels.isEmpty();
    const int row = static_cast<int>(std::floor(yMap().toValue(pixel.y()) + 0.5));
    if (!isAtNames || row < 0 || row >= m_data.rows) return {};
    return m_rowTip ? m_rowTip(row) : nameOf(m_data.rowLabels, row);
}

void HeatmapView::updateAccessibleText() {
    const QString name =
        m_data.name.isEmpty() ? tr("Heatmap") : tr("Heatmap of %1").arg(m_data.name);
    const Range colors = colorRange(m_data);
    const Block all = blockOf(m_data);
    const QString summary = tr("%1 rows, %2 columns, values from %3 to %4.")
                                .arg(all.rows())
                                .arg(all.columns())
                                .arg(valueText(m_data, static_cast<float>(colors.lower)),
                                     valueText(m_data, static_cast<float>(colors.upper)));
    setAccessibleText(name, m_data.isEmpty() ? tr("No data.") : summary);
}

QString HeatmapView::csv() const {
    const HeatmapData& data = m_detail.isEmpty() ? m_data : m_detail;
    const bool hasMask = !data.removed.empty();
    QString table = data.isReduced()
                        ? QStringLiteral("first_row,last_row,first_column,last_column,")
                        : QStringLiteral("row,column,");
    table += data.csvValue;
    if (hasMask)
        table += data.isReduced() ? QStringLiteral(",removed_share") : QStringLiteral(",removed");
    table += u'\n';
    for (int row = 0; row < data.rows; ++row) {
        for (int column = 0; column < data.columns; ++column) {
            const Cell cell{row, column};
            table +=
                place(data, cell) + u',' + csvNumber(static_cast<double>(data.at(row, column)));
            if (hasMask) table += u',' + removedText(data, cell);
            table += u'\n';
        }
    }
    return table;
}

}  // namespace espalier::plots
