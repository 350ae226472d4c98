// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/training_charts.h"

#include <utility>

#include <QHBoxLayout>

#include "ui/plots/curves_view.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

using plots::CurvesView;
using plots::SeriesStyle;

constexpr double kPercent = 100;
constexpr int kLossSmoothing = 20;  // batches
// Okabe–Ito indices
constexpr int kTrainColor = 0;
constexpr int kValidationColor = 1;
constexpr int kRateColor = 2;
constexpr int kSparsityColor = 4;

SeriesStyle styled(const QString& name, int color) {
    SeriesStyle style;
    style.name = name;
    style.color = color;
    return style;
}

void appendLast(CurvesView* view, int series, const plots::Points& points) {
    if (points.size() > view->points(series).size())
        view->append(series, points.x.back(), points.y.back());
}

int drawn(CurvesView* view, const SeriesStyle& style, const plots::Points& points) {
    const int series = view->addSeries(style);
    view->setPoints(series, points);
    return series;
}

SeriesStyle overlaid(const OverlaidRun& run) {
    SeriesStyle style = styled(run.name, run.color);
    if (run.isDashed) style.line = SeriesStyle::Line::Dashed;
    style.isListed = false;
    return style;
}

/// As the curve that will be drawn over it, whose colour the legend has.
SeriesStyle planned(SeriesStyle style, const QString& name) {
    style.name = name;
    style.line = SeriesStyle::Line::Dashed;
    style.isListed = false;
    return style;
}

}  // namespace

TrainingCharts::TrainingCharts(QWidget* parent) : QWidget(parent) {
    setObjectName(QStringLiteral("trainingCharts"));
    m_lossView = makeView(QStringLiteral("lossCurves"), tr("Loss"));
    m_metricView = makeView(QStringLiteral("accuracyCurves"), tr("Validation metric"));
    m_rateView = makeView(QStringLiteral("rateCurves"), tr("Learning rate and sparsity"));
    m_rateView->setLeftRange(plots::Range{0, kPercent});
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(style::kSpacePanel);
    for (CurvesView* view : {m_lossView, m_metricView, m_rateView}) {
        view->setLeastBottomRange({-0.02, 1.02});  // the first epoch, before it has begun
        layout->addWidget(view, 1);
    }
    m_lossView->setAxisTitles(tr("epoch"), tr("loss"));
    setPlan({}, tr("epoch"));
    begin({}, 0);
}

CurvesView* TrainingCharts::makeView(const QString& name, const QString& title) {
    auto* view = new CurvesView(this);
    view->setObjectName(name);
    view->setAccessibleText(title, tr("Empty until a training runs"));
    view->setExportName(name);
    connect(view, &plots::PlotView::emptyActionTriggered, this,
            &TrainingCharts::emptyActionTriggered);
    return view;
}

void TrainingCharts::begin(const measure::Metric& metric, double stepsPerEpoch) {
    m_metric = metric;
    m_stepsPerEpoch = stepsPerEpoch;
    m_bestEpoch = 0;
    m_live = {};
    const QString title = QString::fromStdString(metric.title());
    m_metricView->setAxisTitles(tr("epoch"), metric.isShare() ? tr("%1, %").arg(title) : title);
    m_metricView->setLeftLimits(metric.isShare() ? std::optional(plots::Range{0, kPercent})
                                                 : std::nullopt);
    redraw();
}

void TrainingCharts::add(const train::TrainSample& sample) {
    const bool wasEmpty = m_live.sparsity.size() == 0;
    const std::size_t marks = m_live.marks.size();
    m_live.add(sample, m_stepsPerEpoch, m_metric);
    appendLast(m_lossView, m_loss, m_live.loss);
    appendLast(m_lossView, m_valLoss, m_live.valLoss);
    appendLast(m_metricView, m_score, m_live.score);
    appendLast(m_rateView, m_rate, m_live.rate);
    appendLast(m_rateView, m_sparsity, m_live.sparsity);
    if (m_live.marks.size() != marks) showMarks();
    if (wasEmpty) refreshVisible();
}

void TrainingCharts::markBest(int epoch) {
    m_bestEpoch = epoch;
    showMarks();
}

void TrainingCharts::clear() {
    m_overlays.clear();
    begin({}, 0);
}

void TrainingCharts::setOverlays(std::vector<OverlaidRun> runs) {
    m_overlays = std::move(runs);
    redraw();
}

void TrainingCharts::setPlan(TrainingCurves plan, const QString& axis) {
    m_plan = std::move(plan);
    m_rateView->setAxisTitles(axis, tr("sparsity, %"), tr("learning rate"));
    redrawRates();
    refreshVisible();
}

void TrainingCharts::setEmptyState(const QString& text, const QString& actionText) {
    m_emptyText = text;
    m_emptyAction = actionText;
    refreshVisible();
}

// Series cannot be taken out of a view one by one, and what lies under has to come first.
void TrainingCharts::redraw() {
    redrawLosses();
    redrawRates();
    refreshVisible();
}

void TrainingCharts::redrawLosses() {
    m_lossView->clear();
    m_metricView->clear();
    for (const OverlaidRun& run : m_overlays) {
        // One legend tells the runs' colours; the other charts keep their room.
        SeriesStyle listed = overlaid(run);
        listed.isListed = true;
        const bool isSameLoss = run.metric.loss == m_metric.loss;
        drawn(m_lossView, listed, isSameLoss ? run.curves.valLoss : plots::Points());
        if (run.metric == m_metric) drawn(m_metricView, overlaid(run), run.curves.score);
    }
    SeriesStyle training = styled(tr("training"), kTrainColor);
    training.smoothing = kLossSmoothing;
    SeriesStyle validation = styled(tr("validation"), kValidationColor);
    validation.marker = SeriesStyle::Marker::Disc;
    m_loss = drawn(m_lossView, training, m_live.loss);
    m_valLoss = drawn(m_lossView, validation, m_live.valLoss);
    m_score = drawn(m_metricView, validation, m_live.score);
    showMarks();
}

void TrainingCharts::redrawRates() {
    m_rateView->clear();
    for (const OverlaidRun& run : m_overlays) drawn(m_rateView, overlaid(run), run.curves.sparsity);
    SeriesStyle rate = styled(tr("learning rate"), kRateColor);
    rate.axis = SeriesStyle::Axis::Right;
    SeriesStyle sparsity = styled(tr("sparsity"), kSparsityColor);
    if (m_plan.sparsity.size() > 0) {
        SeriesStyle line = planned(rate, tr("planned learning rate"));
        line.isMain = true;  // a dashed line of one pixel is hardly seen on dark
        drawn(m_rateView, line, m_plan.rate);
        drawn(m_rateView, planned(sparsity, tr("planned sparsity")), m_plan.sparsity);
    }
    for (SeriesStyle* live : {&rate, &sparsity}) live->isMain = true;  // over their plans
    m_rate = drawn(m_rateView, rate, m_live.rate);
    m_sparsity = drawn(m_rateView, sparsity, m_live.sparsity);
    showMarks();
}

void TrainingCharts::showMarks() {
    std::vector<plots::RoundMark> marks = m_live.marks;
    if (m_bestEpoch > 0) marks.push_back({static_cast<double>(m_bestEpoch), tr("best")});
    m_lossView->setRoundMarks(marks);
    m_metricView->setRoundMarks(marks);
    m_rateView->setRoundMarks(m_plan.marks.empty() ? m_live.marks : m_plan.marks);
}

// The metric has a chart of its own unless it is the loss, which has one; a chart is there once it
// shows something.
void TrainingCharts::refreshVisible() {
    const bool hasRuns = m_live.sparsity.size() > 0 || !m_overlays.empty();
    m_lossView->setEmptyState(hasRuns ? QString() : m_emptyText,
                              hasRuns ? QString() : m_emptyAction);
    m_metricView->setVisible(hasRuns && m_metric.kind != measure::Metric::Kind::Loss);
    m_rateView->setVisible(hasRuns || m_plan.sparsity.size() > 0);
}

}  // namespace espalier::ui
