// SPDX-License-Identifier: GPL-3.0-or-later
// What HistogramView shows; the hand on it is in histogram_view_input.cpp.
#include "ui/plots/histogram_view.h"

#include <algorithm>
#include <cmath>

#include "core/base/format.h"
#include "ui/plots/csv.h"
#include "ui/plots/cut_item.h"
#include "ui/plots/mark_item.h"
#include "ui/plots/tickers.h"
#include "ui/style/colors.h"
#include "ui/style/counted.h"
#include "ui/style/number_text.h"
#include "ui/style/theme.h"

#include "ui/plots/qcp.h"

namespace espalier::plots {

namespace {

constexpr double kEdgeMargin =
    0.015;  // of the width, so that bars and spike do not stick to the axis

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

void setSteps(QCPGraph* graph, const Points& steps) {
    graph->setData(QVector<double>(steps.x.begin(), steps.x.end()),
                   QVector<double>(steps.y.begin(), steps.y.end()), true);
}

QCPGraph* addSteps(QCustomPlot* plot, const QString& layer) {
    QCPGraph* graph = plot->addGraph();
    graph->setLayer(layer);
    graph->setLineStyle(QCPGraph::lsStepLeft);
    graph->setPen(Qt::NoPen);
    graph->setAntialiased(false);
    graph->setAntialiasedFill(false);
    graph->setSelectable(QCP::stNone);
    return graph;
}

Range withMargin(const Range& range) {
    const double extra = range.size() * kEdgeMargin;
    return {range.lower - extra, range.upper + extra};
}

}  // namespace

HistogramView::HistogramView(QWidget* parent) : PlotView(parent) {
    setObjectName(QStringLiteral("histogram"));
    setExportName(QStringLiteral("histogram"));
    QCustomPlot* plot = canvas();
    // The tint lies with the cut on the one buffer that a drag redraws: each further buffer costs a
    // blend.
    m_kept = addSteps(plot, QStringLiteral("main"));
    m_removed = addSteps(plot, QStringLiteral("overlay"));
    m_spike = addSteps(plot, QStringLiteral("main"));
    m_spike->setLineStyle(QCPGraph::lsImpulse);
    m_spikeLabel = new QCPItemText(plot);
    m_spikeLabel->setLayer(QStringLiteral("axes"));
    m_spikeLabel->setSelectable(false);
    m_spikeLabel->setPositionAlignment(Qt::AlignRight | Qt::AlignTop);
    m_spikeLabel->position->setType(QCPItemPosition::ptAxisRectRatio);
    m_spikeLabel->position->setCoords(1, 0);
    m_cutItem = new CutItem(plot);
    m_cutItem->setLayer(QStringLiteral("overlay"));
    m_markItem = new MarkItem(plot);
    m_markItem->setLayer(QStringLiteral("overlay"));
    plot->yAxis->setLabel(tr("weights per bin"));
    setZoomDirections(Qt::Horizontal);
    setMouseTracking(true);
    HistogramView::recolor(palette());
    rebuild();
}

HistogramView::~HistogramView() = default;

void HistogramView::setData(TensorHistogram data) {
    cancelDrag();
    m_data = std::move(data);
    rebuild();
    const QString& name = m_data.magnitude.name;  // empty while a tensor is being read
    if (name.isEmpty() || name == m_zoomedName) return;
    m_zoomedName = name;
    resetView();
}

void HistogramView::setCutFunctions(ReadoutFunction readout, ThresholdFunction threshold) {
    m_readout = std::move(readout);
    m_threshold = std::move(threshold);
    redrawCut();
}

void HistogramView::setCut(std::optional<double> threshold) {
    if (isDragging()) return;  // the hand wins; the owner hears of the end
    m_cut = threshold ? std::optional(clampedCut(m_data, *threshold)) : std::nullopt;
    redrawCut();
    updateAccessibleText();
}

void HistogramView::setCutEditable(bool editable, const QString& reason) {
    if (!editable) cancelDrag();
    m_isCutEditable = editable;
    m_lockedReason = reason;
    setToolTip(editable ? QString() : reason);
    redrawCut();
}

void HistogramView::setMark(std::optional<double> magnitude) {
    if (m_mark == magnitude) return;
    m_mark = magnitude;
    showMark();
    if (isVisible()) canvas()->layer(QStringLiteral("overlay"))->replot();
}

void HistogramView::showMark() {
    std::optional<MarkLook> look;
    if (m_mark) look = MarkLook{*m_mark, m_mode == HistogramMode::Signed, markText()};
    m_markItem->setLook(std::move(look));
}

QString HistogramView::markText() const {
    return m_mark ? tr("|w| = %1").arg(style::numberText(significant(*m_mark, 4))) : QString();
}

void HistogramView::setMode(HistogramMode mode) {
    if (m_mode == mode) return;
    cancelDrag();
    m_mode = mode;
    rebuild();
    resetView();
    Q_EMIT viewOptionsChanged();
}

void HistogramView::setCountScale(CountScale scale) {
    if (m_scale == scale) return;
    m_scale = scale;
    rebuild();
    Q_EMIT viewOptionsChanged();
}

void HistogramView::setValueRange(ValueRange range) {
    if (m_range == range) return;
    m_range = range;
    rebuild();
    resetView();
    Q_EMIT viewOptionsChanged();
}

const HistogramData& HistogramView::shown() const {
    return m_mode == HistogramMode::Magnitude ? m_data.magnitude : m_data.signedValues;
}

CutReadout HistogramView::readout(double threshold) const {
    return m_readout ? m_readout(threshold) : estimatedCut(m_data.magnitude, threshold);
}

double HistogramView::thresholdFor(double sparsity) const {
    return m_threshold ? m_threshold(sparsity) : estimatedThreshold(m_data.magnitude, sparsity);
}

QString HistogramView::cutText() const {
    if (!m_cut) return {};
    const CutReadout now = readout(*m_cut);
    const QString approximate = m_readout ? QString() : QStringLiteral("≈ ");
    // Exact zeros go before any threshold does: "t = 0" would read as "nothing goes".
    if (*m_cut == 0 && now.removed > 0) {
        return tr("%1%2 removed (%3)")
            .arg(approximate, style::numberText(percent(now.sparsity)),
                 style::numberText(siCount(static_cast<double>(now.removed))));
    }
    return tr("t = %1 → %2%3 (%4)")
        .arg(style::numberText(significant(*m_cut, 3)), approximate,
             style::numberText(percent(now.sparsity)),
             style::numberText(siCount(static_cast<double>(now.removed))));
}

QRectF HistogramView::cutLabelRect() const {
    return m_cutItem->labelRect();
}

void HistogramView::rebuild() {
    QCustomPlot* plot = canvas();
    const bool isLog = m_scale == CountScale::Log;
    plot->yAxis->setScaleType(isLog ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    QSharedPointer<QCPAxisTicker> linear(new CountTicker);
    QSharedPointer<QCPAxisTicker> log(new LogCountTicker);
    plot->yAxis->setTicker(isLog ? log : linear);
    plot->xAxis->setLabel(m_mode == HistogramMode::Magnitude ? tr("magnitude |w|")
                                                             : tr("weight w"));
    const Range counts = countRange(shown(), m_scale);
    setLimits(withMargin(shownRange(shown(), ValueRange::Full)), counts);
    setHome(withMargin(shownRange(shown(), m_range)), counts);
    fillGraphs();
    if (m_cut) m_cut = clampedCut(m_data, *m_cut);
    showMark();
    redrawCut();
    updateAccessibleText();
}

void HistogramView::fillGraphs() {
    const HistogramData& data = shown();
    m_steps = stepsOf(data, data.counts);
    setSteps(m_kept, m_steps);
    const bool hasZeros = data.zeros > 0;
    m_spike->setVisible(hasZeros);
    m_spikeLabel->setVisible(hasZeros);
    if (!hasZeros) return;
    // A spike higher than the plot ends at its top: the label tells its true height.
    const double top = countRange(data, m_scale).upper;
    setSteps(m_spike, {{0.0}, {std::min(top, static_cast<double>(data.zeros))}});
    const QString zeros = style::numberText(siCount(static_cast<double>(data.zeros)));
    m_spikeLabel->setText(tr("line at 0: %1 exact zeros").arg(zeros));
}

void HistogramView::updateTint() {
    const HistogramData& data = shown();
    Points tint;
    if (!data.removed.empty()) {
        tint = stepsOf(data, data.removed);
    } else if (m_cut) {
        const double from = m_mode == HistogramMode::Signed ? -*m_cut : 0;
        tint = clippedSteps(m_steps, from, *m_cut);
    }
    setSteps(m_removed, tint);
}

void HistogramView::redrawCut() {
    updateTint();
    if (m_cut) {
        m_cutItem->setLook(
            CutLook{*m_cut, m_mode == HistogramMode::Signed, m_isCutEditable, cutText()});
    } else {
        m_cutItem->setLook(std::nullopt);
    }
    if (!isDragging()) return replotLater();
    canvas()->layer(QStringLiteral("overlay"))->replot();
}

void HistogramView::prepareReplot() {
    if (m_pixelRatio != canvas()->bufferDevicePixelRatio()) colorTint(palette());
    const Range now = xMap().values;
    m_spikeLabel->setVisible(m_spike->visible() && now.contains(0));
}

void HistogramView::recolor(const QPalette& palette) {
    PlotView::recolor(palette);
    const style::Colors& colors = style::colorsFor(palette);
    m_kept->setBrush(colors.kept);
    colorTint(palette);
    m_spike->setPen(QPen(colors.removed, 3, Qt::SolidLine, Qt::FlatCap));
    m_spikeLabel->setColor(colors.mutedText);
    m_spikeLabel->setFont(style::font(style::FontSize::Small));
    m_spikeLabel->setPadding(
        QMargins(0, m_cutItem->labelHeight() + 8, 4, 0));  // below the cut's label
    m_cutItem->setPalette(palette);
    m_markItem->setPalette(palette);
}

void HistogramView::colorTint(const QPalette& palette) {
    m_pixelRatio = canvas()->bufferDevicePixelRatio();
    m_removed->setBrush(style::removedBrush(palette, m_pixelRatio));
}

QString HistogramView::hoverText(const QPointF& at) const {
    const HistogramData& data = shown();
    const int bin = data.binOf(at.x());
    if (bin < 0) return {};
    const auto i = static_cast<std::size_t>(bin);
    const std::int64_t count = data.counts[i];
    const double share =
        static_cast<double>(count) / static_cast<double>(std::max<std::int64_t>(1, data.total()));
    return style::counted(count, tr("%1 from %2 to %3: %4 weight (%5)"),
                          tr("%1 from %2 to %3: %4 weights (%5)"))
        .arg(m_mode == HistogramMode::Magnitude ? tr("|w|") : tr("w"),
             style::numberText(significant(data.binLeft(i))),
             style::numberText(significant(data.binLeft(i + 1))), text(exactCount(count)),
             style::numberText(percent(share, 2)));
}

void HistogramView::updateAccessibleText() {
    const HistogramData& data = shown();
    const QString name =
        data.name.isEmpty() ? tr("Histogram") : tr("Histogram of %1").arg(data.name);
    QString summary =
        style::counted(data.total(), tr("%1 weight between %2 and %3, %4 of them exactly zero."),
                       tr("%1 weights between %2 and %3, %4 of them exactly zero."))
            .arg(text(exactCount(data.total())), style::numberText(significant(data.minimum)),
                 style::numberText(significant(data.maximum)), text(exactCount(data.zeros)));
    if (m_cut) summary += tr(" Cut: %1.").arg(cutText());
    setAccessibleText(name, summary);
}

QString HistogramView::csv() const {
    const HistogramData& data = shown();
    QString table = QStringLiteral("bin_left,bin_right,count");
    table += data.removed.empty() ? QStringLiteral("\n") : QStringLiteral(",removed\n");
    table += QStringLiteral("0,0,%1").arg(data.zeros);
    table += data.removed.empty() ? QStringLiteral("\n") : QStringLiteral(",\n");
    for (std::size_t i = 0; i < data.counts.size(); ++i) {
        table += csvNumber(data.binLeft(i)) + u',' + csvNumber(data.binLeft(i + 1)) + u',' +
                 QString::number(data.counts[i]);
        if (i < data.removed.size()) table += u',' + QString::number(data.removed[i]);
        table += u'\n';
    }
    return table;
}

}  // namespace espalier::plots
