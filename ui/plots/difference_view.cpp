// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/difference_view.h"

#include <algorithm>
#include <cmath>

#include "core/base/format.h"
#include "ui/plots/bars_data.h"
#include "ui/plots/csv.h"
#include "ui/plots/tickers.h"
#include "ui/style/colors.h"
#include "ui/style/counted.h"

#include "ui/plots/qcp.h"
#include "ui/style/number_text.h"

namespace espalier::plots {

namespace {

constexpr double kBarWidth = 0.7;
constexpr double kNameGap = 12;     // pixels
constexpr double kLeastHeight = 1;  // points: differences of nothing are no mountains

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

QCPGraph* addBars(QCustomPlot* plot) {
    QCPGraph* graph = plot->addGraph();
    graph->setLineStyle(QCPGraph::lsStepLeft);
    graph->setPen(Qt::NoPen);
    graph->setAntialiasedFill(false);
    graph->setSelectable(QCP::stNone);
    return graph;
}

}  // namespace

DifferenceView::DifferenceView(QWidget* parent)
    : PlotView(parent),
      m_gains(addBars(canvas())),
      m_losses(addBars(canvas())),
      m_ticker(new CellTicker) {
    setObjectName(QStringLiteral("differences"));
    setExportName(QStringLiteral("class-differences"));
    canvas()->xAxis->setTicker(m_ticker);
    canvas()->xAxis->setLabel(tr("class"));
    canvas()->yAxis->setLabel(tr("difference, points"));
    setZoomDirections(Qt::Horizontal);
    DifferenceView::recolor(palette());
    rebuild();
}

void DifferenceView::setBars(std::vector<DifferenceBar> bars) {
    if (bars == m_bars) return;
    m_bars = std::move(bars);
    rebuild();
}

void DifferenceView::setSideNames(const QString& left, const QString& right) {
    m_left = left;
    m_right = right;
}

void DifferenceView::rebuild() {
    std::vector<double> heights;
    std::vector<bool> areGains;
    std::vector<bool> areLosses;
    QStringList names;
    double most = kLeastHeight;
    for (const DifferenceBar& bar : m_bars) {
        const double difference = bar.samples > 0 ? bar.difference() : 0;
        heights.push_back(difference);
        areGains.push_back(difference > 0);
        areLosses.push_back(difference < 0);
        names << (bar.samples > 0 ? bar.name : bar.name + QStringLiteral(" –"));
        most = std::max(most, std::abs(difference));
    }
    const auto fill = [&](QCPGraph* graph, const std::vector<bool>& shown) {
        const Points steps = barSteps(heights, shown, kBarWidth);
        graph->setData(QVector<double>(steps.x.begin(), steps.x.end()),
                       QVector<double>(steps.y.begin(), steps.y.end()), true);
    };
    fill(m_gains, areGains);
    fill(m_losses, areLosses);
    m_ticker->setCells(names, static_cast<int>(names.size()));
    const Range columns{-0.6, static_cast<double>(std::max<std::size_t>(1, m_bars.size())) - 0.4};
    const Range points{-1.1 * most, 1.1 * most};
    setLimits(columns, points);
    setHome(columns, points);
    QStringList summary;
    for (const DifferenceBar& bar : m_bars) summary << textOf(bar);
    setAccessibleText(tr("Difference of accuracy by class"), summary.join(QStringLiteral("; ")));
    replotLater();
}

// As many names as fit beside each other.
void DifferenceView::prepareReplot() {
    const QFontMetricsF metrics(canvas()->xAxis->tickLabelFont());
    double widest = 1;
    for (const DifferenceBar& bar : m_bars)
        widest = std::max(widest, metrics.horizontalAdvance(bar.name + QStringLiteral(" –")));
    const double room = plotArea().width() / (widest + kNameGap);
    m_ticker->setTickCount(std::max(1, static_cast<int>(room)));
}

QString DifferenceView::textOf(const DifferenceBar& bar) const {
    if (bar.samples == 0) return tr("%1: – (no samples)").arg(bar.name);
    return style::counted(bar.samples, tr("%1: %2\u2009% → %3\u2009% (%4 points, %5 sample)"),
                          tr("%1: %2\u2009% → %3\u2009% (%4 points, %5 samples)"))
        .arg(bar.name, style::numberText(significant(bar.left)),
             style::numberText(significant(bar.right)),
             style::numberText(significant(bar.difference(), 3)), text(exactCount(bar.samples)));
}

QString DifferenceView::hoverText(const QPointF& at) const {
    const double place = std::round(at.x());
    if (place < 0 || place >= static_cast<double>(m_bars.size())) return {};
    return textOf(m_bars[static_cast<std::size_t>(place)]);
}

void DifferenceView::recolor(const QPalette& palette) {
    PlotView::recolor(palette);
    const style::Colors& colors = style::colorsFor(palette);
    m_gains->setBrush(style::seriesColor(palette, 0));
    m_losses->setBrush(style::seriesColor(palette, 1));
    canvas()->yAxis->grid()->setZeroLinePen(QPen(colors.axis, 1));
}

QString DifferenceView::csv() const {
    QString table =
        QStringLiteral("class,samples,%1,%2,difference\n").arg(csvField(m_left), csvField(m_right));
    for (const DifferenceBar& bar : m_bars) {
        const bool isMeasured = bar.samples > 0;
        table += csvField(bar.name) + u',' + QString::number(bar.samples) + u',';
        if (isMeasured) table += csvNumber(bar.left);
        table += u',';
        if (isMeasured) table += csvNumber(bar.right);
        table += u',';
        if (isMeasured) table += csvNumber(bar.difference());
        table += u'\n';
    }
    return table;
}

}  // namespace espalier::plots
