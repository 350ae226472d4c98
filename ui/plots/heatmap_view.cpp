// SPDX-License-Identifier: GPL-3.0-or-later
// What HeatmapView draws; the hand on it is in heatmap_view_input.cpp, its words in
// heatmap_view_text.cpp.
#include "ui/plots/heatmap_view.h"

#include <QFontMetrics>
#include <QMenu>
#include <algorithm>
#include <cmath>

#include "ui/plots/gradients.h"
#include "ui/plots/heatmap_items.h"
#include "ui/plots/tickers.h"
#include "ui/style/colors.h"
#include "ui/style/elided_names.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {

constexpr int kLabelWidth = 160;      // of a row's name
constexpr int kColumnTickWidth = 60;  // pixels for one number at the lower axis
constexpr int kScaleWidth = 10;

/// Centres of the first and the last of `count` cells of `stride` entries from `first` on.
QCPRange centres(int first, int stride, int count) {
    const double middle = first + (stride - 1) / 2.0;
    return {middle, middle + static_cast<double>(count - 1) * stride};
}

/// QCustomPlot draws no map of one row or column: such a one is given two equal halves.
QCPRange halves(int first, int stride) {
    return {first - 0.5 + stride / 4.0, first - 0.5 + 3 * stride / 4.0};
}

void fillMap(QCPColorMapData& cells, const HeatmapData& data) {
    const bool isOneRow = data.rows == 1;
    const bool isOneColumn = data.columns == 1;
    const int rows = isOneRow ? 2 : data.rows;
    const int columns = isOneColumn ? 2 : data.columns;
    cells.setSize(data.isEmpty() ? 0 : columns, data.isEmpty() ? 0 : rows);
    if (data.isEmpty()) return;
    const Block all = blockOf(data);
    cells.setRange(isOneColumn ? halves(all.columnBegin, data.columnStride)
                               : centres(all.columnBegin, data.columnStride, columns),
                   isOneRow ? halves(all.rowBegin, data.rowStride)
                            : centres(all.rowBegin, data.rowStride, rows));
    for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns; ++column) {
            const float value = data.at(isOneRow ? 0 : row, isOneColumn ? 0 : column);
            cells.setCell(column, row, static_cast<double>(value));
        }
    }
}

/// Names short enough for the margin.
QStringList elided(const QStringList& names) {
    const QFontMetrics metrics(style::font(style::FontSize::Small));
    QStringList shortNames;
    for (const QString& name : names) {
        shortNames += style::elidedNames(metrics, name, kLabelWidth);
    }
    return shortNames;
}

bool showSameValues(const HeatmapData& a, const HeatmapData& b) {
    return a.name == b.name && a.kind == b.kind && a.valueTitle == b.valueTitle &&
           blockOf(a) == blockOf(b);
}

std::optional<Block> rowsOf(const HeatmapData& data, int row) {
    if (row < 0 || row >= blockOf(data).rowEnd) return {};
    Block block = blockOf(data);
    block.rowBegin = row;
    block.rowEnd = row + 1;
    return block;
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
    m_scale = new QCPColorScale(plot);
    m_scale->setType(QCPAxis::atRight);
    m_scale->setBarWidth(kScaleWidth);
    m_scale->setRangeDrag(false);
    m_scale->setRangeZoom(false);
    plot->plotLayout()->addElement(0, 1, m_scale);
    auto* margins = new QCPMarginGroup(plot);
    plot->axisRect()->setMarginGroup(QCP::msTop | QCP::msBottom, margins);
    m_scale->setMarginGroup(QCP::msTop | QCP::msBottom, margins);
    m_map = addMap();
    m_detailMap = addMap();
    m_mask = addMask();
    m_detailMask = addMask();
    m_highlight = new RowOutline(plot);
    m_outline = new RowOutline(plot);
    m_marks = new RowMarks(plot);
    for (QCPAbstractItem* item :
         std::initializer_list<QCPAbstractItem*>{m_highlight, m_outline, m_marks})
        item->setLayer(QStringLiteral("overlay"));
    for (QCPAxis* axis : {plot->xAxis, plot->yAxis}) {
        connect(axis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this,
                &HeatmapView::seenChanged);
    }
    plot->yAxis->setTicker(m_rowTicker);
    plot->xAxis->setTicker(m_columnTicker);
    plot->yAxis->setRangeReversed(true);  // row 0 at the top
    for (QCPAxis* axis : {plot->xAxis, plot->yAxis}) axis->grid()->setVisible(false);
    HeatmapView::recolor(palette());
    updateAccessibleText();
}

HeatmapView::~HeatmapView() = default;

QCPColorMap* HeatmapView::addMap() {
    auto* map = new QCPColorMap(canvas()->xAxis, canvas()->yAxis);
    map->setInterpolate(false);
    map->setSelectable(QCP::stNone);
    map->setColorScale(m_scale);
    return map;
}

MaskItem* HeatmapView::addMask() {
    auto* mask = new MaskItem(canvas());
    mask->setLayer(QStringLiteral("mask"));
    return mask;
}

void HeatmapView::setData(HeatmapData data) {
    const bool sameSize = blockOf(data) == blockOf(m_data);
    if (!showSameValues(data, m_data)) m_detail = {};
    m_data = std::move(data);
    if (m_currentRow >= m_data.rows) m_currentRow = -1;
    if (m_highlightedRow >= m_data.rows) m_highlightedRow = -1;
    fillMap(*m_map->data(), m_data);
    m_mask->setMask(m_data);
    updateOutlines();
    updateAxes();
    showDetail();
    if (!sameSize) resetView();
    recolor(palette());
    updateAccessibleText();
    replotLater();
}

void HeatmapView::setDetail(HeatmapData detail) {
    if (detail.isEmpty() && m_detail.isEmpty()) return;
    m_detail = std::move(detail);
    showDetail();
    replotLater();
}

void HeatmapView::showDetail() {
    fillMap(*m_detailMap->data(), m_detail);
    m_detailMap->setVisible(!m_detail.isEmpty());
    m_detailMask->setMask(m_detail);
    m_mask->setCovered(m_detail.isEmpty() ? std::nullopt : std::optional(blockOf(m_detail)));
}

void HeatmapView::updateAxes() {
    QCustomPlot* plot = canvas();
    const Block all = blockOf(m_data);
    m_rowTicker->setCells(elided(m_data.rowLabels), all.rowEnd);
    m_columnTicker->setCells(elided(m_data.columnLabels), all.columnEnd);
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
    const Range x{all.columnBegin - 0.5, std::max(1, all.columnEnd) - 0.5};
    const Range y{all.rowBegin - 0.5, std::max(1, all.rowEnd) - 0.5};
    setLimits(x, y);
    setHome(x, y);
}

void HeatmapView::setRemovedVisible(bool visible) {
    m_mask->setVisible(visible);
    m_detailMask->setVisible(visible);
    replotLater();
}

void HeatmapView::setCurrentRow(int row) {
    m_currentRow = row < m_data.rows ? row : -1;
    updateOutlines();
    replotLater();
}

void HeatmapView::setHighlightedRow(int row) {
    row = row < m_data.rows ? row : -1;
    if (row == m_highlightedRow) return;
    m_highlightedRow = row;
    updateOutlines();
    // What the mouse is over changes often: only the layer with the outlines is drawn.
    if (isVisible()) canvas()->layer(QStringLiteral("overlay"))->replot();
}

void HeatmapView::setRowMarks(std::vector<BarMark> marks) {
    if (marks == m_rowMarks) return;
    m_rowMarks = std::move(marks);
    m_marks->setMarks(m_rowMarks);
    replotLater();
}

void HeatmapView::updateOutlines() {
    m_outline->setRows(rowsOf(m_data, m_currentRow));
    m_highlight->setRows(rowsOf(m_data, m_highlightedRow));
}

Block HeatmapView::seen() const {
    const Block all = blockOf(m_data);
    const Range x = xMap().values;
    const Range y = yMap().values;
    const auto cut = [](double value, int low, int high) {
        return static_cast<int>(std::clamp(value, double(low), double(high)));
    };
    Block block;
    block.rowBegin = cut(std::floor(y.lower + 0.5), all.rowBegin, all.rowEnd);
    block.rowEnd = cut(std::ceil(y.upper + 0.5), block.rowBegin, all.rowEnd);
    block.columnBegin = cut(std::floor(x.lower + 0.5), all.columnBegin, all.columnEnd);
    block.columnEnd = cut(std::ceil(x.upper + 0.5), block.columnBegin, all.columnEnd);
    return block;
}

const HeatmapData& HeatmapView::pictureAt(int row, int column) const {
    return cellAt(m_detail, column, row).isValid() ? m_detail : m_data;
}

QRectF HeatmapView::rectOf(const Block& block) const {
    return blockRect(canvas(), block);
}

QRectF HeatmapView::cellRect(const Cell& cell) const {
    return cell.isValid() ? rectOf(blockOf(m_data, cell)) : QRectF();
}

void HeatmapView::recolor(const QPalette& palette) {
    PlotView::recolor(palette);
    for (QCPColorMap* map : {m_map, m_detailMap})
        map->setGradient(gradientFor(m_data.kind, palette));
    for (QCPAxis* axis : m_scale->axis()->axisRect()->axes()) styleAxis(axis, palette);
    for (MaskItem* mask : {m_mask, m_detailMask}) mask->setPalette(palette);
    m_outline->setPen(QPen(style::colorsFor(palette).text, 2));
    m_highlight->setPen(QPen(style::colorsFor(palette).text, 1));
    m_marks->setPalette(palette);
}

void HeatmapView::extendContextMenu(QMenu& menu) {
    if (m_data.removed.empty()) return;
    QAction* action = menu.addAction(tr("Show what is removed"));
    action->setCheckable(true);
    action->setChecked(m_mask->visible());
    connect(action, &QAction::toggled, this, &HeatmapView::setRemovedVisible);
}

void HeatmapView::prepareReplot() {
    const int lineHeight = QFontMetrics(style::font(style::FontSize::Small)).height() + 2;
    m_rowTicker->setTickCount(std::max(2, (canvas()->height() - 40) / lineHeight));
    const int columnTicks = std::max(2, canvas()->width() / kColumnTickWidth);
    m_columnTicker->setTickCount(columnTicks);
    m_spanTicker->setTickCount(columnTicks);
}

}  // namespace espalier::plots
