// SPDX-License-Identifier: GPL-3.0-or-later
// What HeatmapView says: at the mouse, to assistive technology, as a table.
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "core/base/format.h"
#include "ui/plots/csv.h"
#include "ui/plots/heatmap_view.h"
#include "ui/style/counted.h"
#include "ui/style/number_text.h"

namespace espalier::plots {

namespace {

QString nameOf(const QStringList& names, int entry) {
    return entry < names.size() ? names[entry] : QString::number(entry);
}

QString valueText(const HeatmapData& data, float value) {
    if (std::isnan(value)) return HeatmapView::tr("no value");
    return style::numberText(data.kind == HeatmapKind::Sparsity ? percent(value)
                                                                : significant(value));
}

/// What tells the rows, or the columns, of a table apart: "3," for one entry of the matrix; "2,3,",
/// the first and the last of them, for a cell of many.
std::vector<QByteArray> places(bool isReduced, int count, const QStringList& names,
                               const std::function<std::pair<int, int>(int)>& entries) {
    std::vector<QByteArray> texts;
    for (int i = 0; i < count; ++i) {
        const auto [begin, end] = entries(i);
        const QString text = isReduced ? QStringLiteral("%1,%2").arg(begin).arg(end - 1)
                                       : csvField(nameOf(names, begin));
        texts.push_back(text.toUtf8() + ',');
    }
    return texts;
}

std::vector<QByteArray> rowPlaces(const HeatmapData& data) {
    return places(data.isReduced(), data.rows, data.rowLabels, [&data](int row) {
        const Block block = blockOf(data, Cell{row, 0});
        return std::pair(block.rowBegin, block.rowEnd);
    });
}

std::vector<QByteArray> columnPlaces(const HeatmapData& data) {
    return places(data.isReduced(), data.columns, data.columnLabels, [&data](int column) {
        const Block block = blockOf(data, Cell{0, column});
        return std::pair(block.columnBegin, block.columnEnd);
    });
}

/// Whether one entry is removed; of a cell of many, which share.
void appendRemoved(QByteArray& table, const HeatmapData& data, const Cell& cell) {
    if (!data.isReduced()) {
        table += data.isRemoved(cell.row, cell.column) ? '1' : '0';
        return;
    }
    const auto index = static_cast<std::size_t>(cell.row) * static_cast<std::size_t>(data.columns) +
                       static_cast<std::size_t>(cell.column);
    appendCsvNumber(table, static_cast<double>(data.removed[index]));
}

QByteArray header(const HeatmapData& data) {
    QByteArray line =
        data.isReduced() ? "first_row,last_row,first_column,last_column," : "row,column,";
    line += data.csvValue.toUtf8();
    if (!data.removed.empty()) line += data.isReduced() ? ",removed_share" : ",removed";
    return line + '\n';
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
    const QString rows = style::counted(all.rows(), tr("%1 row"), tr("%1 rows")).arg(all.rows());
    const QString columns =
        style::counted(all.columns(), tr("%1 column"), tr("%1 columns")).arg(all.columns());
    const QString summary =
        tr("%1, %2, values from %3 to %4.")
            .arg(rows, columns, valueText(m_data, static_cast<float>(colors.lower)),
                 valueText(m_data, static_cast<float>(colors.upper)));
    setAccessibleText(name, m_data.isEmpty() ? tr("No data.") : summary);
}

// A million cells are copied while somebody waits: nothing is made anew for each of them.
QString HeatmapView::csv() const {
    const HeatmapData& data = m_detail.isEmpty() ? m_data : m_detail;
    const auto rows = rowPlaces(data);
    const auto columns = columnPlaces(data);
    QByteArray table = header(data);
    constexpr qsizetype kUsualLine = 28;  // bytes
    table.reserve(table.size() + kUsualLine * data.rows * data.columns);
    for (int row = 0; row < data.rows; ++row) {
        for (int column = 0; column < data.columns; ++column) {
            table += rows[static_cast<std::size_t>(row)];
            table += columns[static_cast<std::size_t>(column)];
            appendCsvNumber(table, static_cast<double>(data.at(row, column)));
            if (!data.removed.empty()) {
                table += ',';
                appendRemoved(table, data, {row, column});
            }
            table += '\n';
        }
    }
    return QString::fromUtf8(table);
}

}  // namespace espalier::plots
