// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/heatmap_view.h"

#include <QApplication>
#include <QFontMetrics>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <cmath>

#include "core/base/format.h"
#include "ui/plots/csv.h"
#include "ui/plots/gradients.h"
#include "ui/plots/heatmap_items.h"
#include "ui/plots/tickers.h"
#include "ui/style/colors.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {

constexpr int kLabelWidth = 160;      // of a row's name; its end says most
constexpr int kColumnTickWidth = 60;  // pixels for one number at the lower axis
constexpr int kScaleWidth = 10;

/// QCustomPlot draws no map of one row or column: such a one is given two equal halves.
int mapSize(int cells) {
    return cells == 1 ? 2 : cells;
}

QCPRange mapRange(int cells) {
    return cells == 1 ? QCPRange(-0.25, 0.25) : QCPRange(0, cells - 1);
}

/// Names short enough for the margin.
QStringList elided(const QStringList& names) {
    const QFontMetrics metrics(style::font(style::FontSize::Small));
    QStringList shortNames;
    for (const QString& name : names) {
        shortNames += metrics.elidedText(name, Qt::ElideLeft, kLabelWidth);
    }
    return shortNames;
}

QString nameOf(const QStringList& names, int cell, int stride) {
    return cell < names.size() ? names[cell] : QString::number(static_cast<qint64>(cell) * stride);
}

QString valueText(const HeatmapData& data, float value) {
    if (std::isnan(value)) return HeatmapView::tr("no value");
    return QString::fromStdString(data.kind == HeatmapKind::Sparsity ? percent(value)
                                                                     : significant(value));
}

}  // namespace

HeatmapView::HeatmapView(QWidget* parent)
    : PlotView(parent),
      m_rowTicker(new CellTicker),
      m_columnTicker(new CellTicker),
      m_spanTicker(new SpanTicker) {
    setObjectName(QStringLiteral("heatmap"));
    setExportName(QStringLiteral("heatmap"));
    QCustomPlot* plot = canvas();
    plot->addLayer(QStringLiteral("mask"), plot->layer(QStringLiteral("main")),
                   QCustomPlot::limAbove);
    plot->layer(QStringLiteral("mask"))->setMode(QCPLayer::lmBuffered);
    m_map = new QCPColorMap(plot->xAxis, plot->yAxis);
    m_map->setInterpolate(false);
    m_map->setSelectable(QCP::stNone);
    m_scale = new QCPColorScale(plot);
    m_scale->setType(QCPAxis::atRight);
    m_scale->setBarWidth(kScaleWidth);
    m_scale->setRangeDrag(false);
    m_scale->setRangeZoom(false);
    plot->plotLayout()->addElement(0, 1, m_scale);
    auto* margins = new QCPMarginGroup(plot);
    plot->axisRect()->setMarginGroup(QCP::msTop | QCP::msBottom, margins);
    m_scale->setMarginGroup(QCP::msTop | QCP::msBottom, margins);
    m_map->setColorScale(m_scale);
    m_mask = new MaskItem(plot);
    m_mask->setLayer(QStringLiteral("mask"));
    m_outline = new RowOutline(plot);
    m_outline->setLayer(QStringLiteral("overlay"));
    plot->yAxis->setTicker(m_rowTicker);
    plot->xAxis->setTicker(m_columnTicker);
    plot->yAxis->setRangeReversed(true);  // row 0 at the top
    for (QCPAxis* axis : {plot->xAxis, plot->yAxis}) axis->grid()->setVisible(false);
    HeatmapView::recolor(palette());
    updateAccessibleText();
}

HeatmapView::~HeatmapView() = default;

void HeatmapView::setData(HeatmapData data) {
    const bool sameSize = data.rows == m_data.rows && data.columns == m_data.columns;
    m_data = std::move(data);
    if (m_currentRow >= m_data.rows) m_currentRow = -1;
    fillMap();
    m_mask->setMask(m_data);
    m_outline->setRow(m_currentRow, m_data.columns);
    updateAxes();
    if (!sameSize) resetView();
    recolor(palette());
    updateAccessibleText();
    replotLater();
}

void HeatmapView::fillMap() {
    QCPColorMapData* cells = m_map->data();
    const int columns = mapSize(m_data.columns);
    const int rows = mapSize(m_data.rows);
    cells->setSize(m_data.isEmpty() ? 0 : columns, m_data.isEmpty() ? 0 : rows);
    if (m_data.isEmpty()) return;
    cells->setRange(mapRange(m_data.columns), mapRange(m_data.rows));
    for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns; ++column) {
            const int sourceRow = m_data.rows == 1 ? 0 : row;
            const int sourceColumn = m_data.columns == 1 ? 0 : column;
            cells->setCell(column, row, static_cast<double>(m_data.at(sourceRow, sourceColumn)));
        }
    }
}

void HeatmapView::updateAxes() {
    QCustomPlot* plot = canvas();
    m_rowTicker->setCells(elided(m_data.rowLabels), m_data.rows, m_data.rowStride);
    m_columnTicker->setCells(elided(m_data.columnLabels), m_data.columns, m_data.columnStride);
    m_spanTicker->setSpan(m_data.columnScale.value_or(Range{}), m_data.columns);
    if (m_data.columnScale) {
        plot->xAxis->setTicker(m_spanTicker);
    } else {
        plot->xAxis->setTicker(m_columnTicker);
    }
    plot->yAxis->setLabel(m_data.rowTitle);
    plot->xAxis->setLabel(m_data.columnTitle);
    m_scale->axis()->setLabel(m_data.valueTitle);
    const QSharedPointer<QCPAxisTicker> shares(new PercentTicker);
    const QSharedPointer<QCPAxisTicker> numbers(new PlainTicker);
    m_scale->axis()->setTicker(m_data.kind == HeatmapKind::Sparsity ? shares : numbers);
    const Range colors = colorRange(m_data);
    m_scale->setDataRange(QCPRange(colors.lower, colors.upper));
    const Range x{-0.5, std::max(1, m_data.columns) - 0.5};
    const Range y{-0.5, std::max(1, m_data.rows) - 0.5};
    setLimits(x, y);
    setHome(x, y);
}

void HeatmapView::setRemoved(std::vector<float> removed) {
    m_data.removed = std::move(removed);
    m_mask->setMask(m_data);
    if (!isVisible()) return replotLater();
    canvas()->layer(QStringLiteral("mask"))->replot();
}

void HeatmapView::setRemovedVisible(bool visible) {
    m_mask->setVisible(visible);
    replotLater();
}

void HeatmapView::setCurrentRow(int row) {
    m_currentRow = row < m_data.rows ? row : -1;
    m_outline->setRow(m_currentRow, m_data.columns);
    replotLater();
}

Cell HeatmapView::cellAtPixel(const QPointF& pixel) const {
    if (!plotArea().contains(pixel)) return {};
    return cellAt(m_data, xMap().toValue(pixel.x()), yMap().toValue(pixel.y()));
}

QRectF HeatmapView::cellRect(const Cell& cell) const {
    return cell.isValid() ? cellsRect(canvas(), cell, cell) : QRectF();
}

void HeatmapView::recolor(const QPalette& palette) {
    PlotView::recolor(palette);
    m_map->setGradient(gradientFor(m_data.kind, palette));
    for (QCPAxis* axis : m_scale->axis()->axisRect()->axes()) styleAxis(axis, palette);
    m_mask->setPalette(palette);
    m_outline->setColor(style::colorsFor(palette).text);
}

QString HeatmapView::hoverText(const QPointF& at) const {
    const Cell cell = cellAt(m_data, at.x(), at.y());
    if (!cell.isValid()) return {};
    if (m_readout) return m_readout(cell.row, cell.column);
    const QString where =
        tr("%1, %2").arg(nameOf(m_data.rowLabels, cell.row, m_data.rowStride),
                         nameOf(m_data.columnLabels, cell.column, m_data.columnStride));
    const QString state = m_data.isRemoved(cell.row, cell.column) ? tr(" (removed)") : QString();
    return where + QStringLiteral(": ") + valueText(m_data, m_data.at(cell.row, cell.column)) +
           state;
}

void HeatmapView::extendContextMenu(QMenu& menu) {
    if (m_data.removed.empty()) return;
    QAction* action = menu.addAction(tr("Show what is removed"));
    action->setCheckable(true);
    action->setChecked(m_mask->visible());
    connect(action, &QAction::toggled, this, &HeatmapView::setRemovedVisible);
}

bool HeatmapView::pointerPressed(QMouseEvent& event) {
    m_pressedAt = event.position();
    return false;
}

bool HeatmapView::pointerMoved(QMouseEvent& event) {
    const Cell cell = cellAtPixel(event.position());
    if (cell == m_hovered) return false;
    m_hovered = cell;
    Q_EMIT cellHovered(cell.row, cell.column);
    return false;
}

bool HeatmapView::pointerReleased(QMouseEvent& event) {
    const double moved = (event.position() - m_pressedAt).manhattanLength();
    const Cell cell = cellAtPixel(event.position());
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

void HeatmapView::prepareReplot() {
    const int lineHeight = QFontMetrics(style::font(style::FontSize::Small)).height() + 2;
    m_rowTicker->setTickCount(std::max(2, (canvas()->height() - 40) / lineHeight));
    const int columnTicks = std::max(2, canvas()->width() / kColumnTickWidth);
    m_columnTicker->setTickCount(columnTicks);
    m_spanTicker->setTickCount(columnTicks);
}

void HeatmapView::keyPressEvent(QKeyEvent* event) {
    const bool isListed = m_currentRow >= 0 || !m_data.rowLabels.isEmpty();
    const int key = event->key();
    if (isListed && (key == Qt::Key_Up || key == Qt::Key_Down)) {
        return chooseRow(m_currentRow + (key == Qt::Key_Down ? 1 : -1));
    }
    if (isListed && (key == Qt::Key_Return || key == Qt::Key_Enter)) return chooseRow(m_currentRow);
    PlotView::keyPressEvent(event);
}

void HeatmapView::chooseRow(int row) {
    if (m_data.isEmpty()) return;
    setCurrentRow(std::clamp(row, 0, m_data.rows - 1));
    Q_EMIT rowClicked(m_currentRow);
}

void HeatmapView::updateAccessibleText() {
    const QString name =
        m_data.name.isEmpty() ? tr("Heatmap") : tr("Heatmap of %1").arg(m_data.name);
    const Range colors = colorRange(m_data);
    const QString summary = tr("%1 rows, %2 columns, values from %3 to %4.")
                                .arg(m_data.rows)
                                .arg(m_data.columns)
                                .arg(valueText(m_data, static_cast<float>(colors.lower)),
                                     valueText(m_data, static_cast<float>(colors.upper)));
    setAccessibleText(name, m_data.isEmpty() ? tr("No data.") : summary);
}

QString HeatmapView::csv() const {
    const bool hasMask = !m_data.removed.empty();
    QString table = QStringLiteral("row,column,value");
    table += hasMask ? QStringLiteral(",removed\n") : QStringLiteral("\n");
    for (int row = 0; row < m_data.rows; ++row) {
        const QString rowName = csvField(nameOf(m_data.rowLabels, row, m_data.rowStride));
        for (int column = 0; column < m_data.columns; ++column) {
            const float value = m_data.at(row, column);
            table +=
                rowName + u',' + csvField(nameOf(m_data.columnLabels, column, m_data.columnStride));
            table += u',' + csvNumber(static_cast<double>(value));
            if (hasMask)
                table +=
                    m_data.isRemoved(row, column) ? QStringLiteral(",1") : QStringLiteral(",0");
            table += u'\n';
        }
    }
    return table;
}

}  // namespace espalier::plots
