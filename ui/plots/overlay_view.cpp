// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/overlay_view.h"

#include <algorithm>

#include <QMenu>

#include "core/base/format.h"
#include "ui/plots/csv.h"
#include "ui/plots/legend.h"
#include "ui/plots/tickers.h"
#include "ui/style/colors.h"
#include "ui/style/counted.h"
#include "ui/style/number_text.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {

constexpr std::array kFillAlpha{90, 50};
constexpr std::array kPenWidth{1, 2};
constexpr std::array kSeriesColor{0, 1};

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

bool isShown(const HistogramData& side) {
    return !side.counts.empty();
}

}  // namespace

OverlayView::OverlayView(QWidget* parent) : PlotView(parent) {
    setObjectName(QStringLiteral("overlay"));
    setExportName(QStringLiteral("histograms"));
    QCustomPlot* plot = canvas();
    for (QCPGraph*& graph : m_graphs) {
        graph = plot->addGraph();
        graph->setLineStyle(QCPGraph::lsStepLeft);
        graph->setAntialiased(false);
        graph->setSelectable(QCP::stNone);
    }
    plot->xAxis->setLabel(tr("weight w"));
    plot->yAxis->setLabel(tr("weights per bin"));
    setZoomDirections(Qt::Horizontal);
    OverlayView::recolor(palette());
    rebuild();
}

void OverlayView::setData(OverlayData data) {
    m_data = std::move(data);
    rebuild();
}

void OverlayView::setCountScale(CountScale scale) {
    if (m_scale == scale) return;
    m_scale = scale;
    rebuild();
    Q_EMIT countScaleChanged();
}

QString OverlayView::legendText(const HistogramData& side) const {
    if (!isShown(side)) return tr("%1: no such layer").arg(side.name);
    return tr("%1 (%2 zeros)")
        .arg(side.name, style::numberText(siCount(static_cast<double>(side.zeros))));
}

void OverlayView::rebuild() {
    QCustomPlot* plot = canvas();
    const bool isLog = m_scale == CountScale::Log;
    plot->yAxis->setScaleType(isLog ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    QSharedPointer<QCPAxisTicker> linear(new CountTicker);
    QSharedPointer<QCPAxisTicker> log(new LogCountTicker);
    plot->yAxis->setTicker(isLog ? log : linear);
    Range values{0, 0};
    Range full{0, 0};
    Range counts = countRange({}, m_scale);
    QStringList parts;
    for (std::size_t i = 0; i < m_data.size(); ++i) {
        const HistogramData& side = m_data[i];
        const Points steps = stepsOf(side, side.counts);
        m_graphs[i]->setData(QVector<double>(steps.x.begin(), steps.x.end()),
                             QVector<double>(steps.y.begin(), steps.y.end()), true);
        m_graphs[i]->setName(legendText(side));
        parts << legendText(side);
        if (!isShown(side)) continue;
        const Range robust = robustRange(side);
        values = {std::min(values.lower, robust.lower), std::max(values.upper, robust.upper)};
        full = side.edges;
        counts.upper = std::max(counts.upper, countRange(side, m_scale).upper);
    }
    setLimits(usable(full), counts);
    setHome(usable(values), counts);
    showLegend(*plot, isShown(m_data[0]) || isShown(m_data[1]));
    packLegend(*plot);
    setAccessibleText(tr("Two histograms"), parts.join(QStringLiteral("; ")));
    replotLater();
}

void OverlayView::recolor(const QPalette& palette) {
    PlotView::recolor(palette);
    for (std::size_t i = 0; i < m_graphs.size(); ++i) {
        const QColor color = style::seriesColor(palette, kSeriesColor[i]);
        QColor fill = color;
        fill.setAlpha(kFillAlpha[i]);
        m_graphs[i]->setPen(QPen(color, kPenWidth[i]));
        m_graphs[i]->setBrush(fill);
    }
    packLegend(*canvas());
}

QString OverlayView::hoverText(const QPointF& at) const {
    QStringList parts;
    for (const HistogramData& side : m_data) {
        const int bin = side.binOf(at.x());
        if (bin < 0) continue;
        const auto i = static_cast<std::size_t>(bin);
        if (parts.isEmpty()) {
            parts << tr("w from %1 to %2")
                         .arg(style::numberText(significant(side.binLeft(i))),
                              style::numberText(significant(side.binLeft(i + 1))));
        }
        parts << style::counted(side.counts[i], tr("%1: %2 weight"), tr("%1: %2 weights"))
                     .arg(side.name, text(exactCount(side.counts[i])));
    }
    return parts.join(QStringLiteral("  ·  "));
}

void OverlayView::extendContextMenu(QMenu& menu) {
    QAction* log = menu.addAction(tr("Log counts"));
    log->setCheckable(true);
    log->setChecked(m_scale == CountScale::Log);
    connect(log, &QAction::toggled, this,
            [this](bool isLog) { setCountScale(isLog ? CountScale::Log : CountScale::Linear); });
}

QString OverlayView::csv() const {
    QString table = QStringLiteral("bin_left,bin_right,%1,%2\n")
                        .arg(csvField(m_data[0].name), csvField(m_data[1].name));
    const auto cell = [](const HistogramData& side, std::size_t i) {
        return isShown(side) ? QString::number(side.counts[i]) : QString();
    };
    const auto zeros = [](const HistogramData& side) {
        return isShown(side) ? QString::number(side.zeros) : QString();
    };
    table += QStringLiteral("0,0,%1,%2\n").arg(zeros(m_data[0]), zeros(m_data[1]));
    const HistogramData& bins = isShown(m_data[0]) ? m_data[0] : m_data[1];
    for (std::size_t i = 0; i < bins.counts.size(); ++i) {
        table += csvNumber(bins.binLeft(i)) + u',' + csvNumber(bins.binLeft(i + 1)) + u',' +
                 cell(m_data[0], i) + u',' + cell(m_data[1], i) + u'\n';
    }
    return table;
}

}  // namespace espalier::plots
