// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/weights_panel.h"

#include <algorithm>
#include <cmath>

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSpinBox>

#include "core/base/format.h"
#include "ui/document/highlight.h"
#include "ui/document/workbench.h"
#include "ui/models/layer_model.h"
#include "ui/panels/elided_label.h"
#include "ui/panels/plot_panel.h"
#include "ui/panels/rankings_line.h"
#include "ui/panels/rankings_picture.h"
#include "ui/plots/heatmap_view.h"
#include "ui/plots/histogram_view.h"
#include "ui/style/counted.h"
#include "ui/style/number_text.h"
#include "ui/style/theme.h"

namespace espalier::ui {

using Kind = prune::WeightRule::Kind;

namespace {

constexpr int kDefaultBins = 120;
// An outlier may stretch the full range to a thousand times the robust one: there the bins get
// wider.
constexpr int kMostBins = 1000;
constexpr double kRobustShare = 0.999;

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

// So many bins over the full range that the part most weights lie in has `wanted`.
int binsFor(double fullWidth, double shownWidth, int wanted) {
    if (!(shownWidth > 0) || !(fullWidth > 0)) return wanted;
    const double bins = std::ceil(wanted * fullWidth / shownWidth);
    return static_cast<int>(std::clamp(bins, double(wanted), double(std::max(wanted, kMostBins))));
}

plots::HistogramData converted(const model::Histogram& histogram,
                               const model::WeightStatistics& statistics) {
    plots::HistogramData data;
    data.edges = {histogram.low, histogram.high};
    data.counts = histogram.counts;
    data.zeros = statistics.zeros + statistics.baseRemoved;
    data.minimum = statistics.min;
    data.maximum = statistics.max;
    return data;
}

}  // namespace

WeightsPanel::WeightsPanel(Workbench* workbench, QWidget* parent)
    : QWidget(parent),
      m_document(workbench->document()),
      m_title(new ElidedLabel(this)),
      m_note(new QLabel(this)),
      m_rankings(new RankingsLine(workbench, this)),
      m_value(new QComboBox(this)),
      m_log(new QCheckBox(tr("Log counts"), this)),
      m_full(new QCheckBox(tr("Full range"), this)),
      m_bins(new QSpinBox(this)),
      m_view(new plots::HistogramView(this)),
      m_ranks(new plots::HeatmapView(this)) {
    setObjectName(QStringLiteral("weightsPanel"));
    m_title->setObjectName(QStringLiteral("weightsTitle"));
    m_note->setObjectName(QStringLiteral("weightsNote"));
    m_note->setWordWrap(true);
    m_note->hide();
    setFocusProxy(m_view);

    m_ranks->setObjectName(QStringLiteral("weightsRanks"));
    m_ranks->setExportName(QStringLiteral("rankings"));
    m_ranks->setReadout([this](int row, int column) { return rankingReadout(row, column); });
    m_ranks->hide();
    auto* pictures = new QWidget(this);
    auto* line = new QHBoxLayout(pictures);
    line->setContentsMargins({});
    line->addWidget(m_view, 3);
    line->addWidget(m_ranks, 2);
    layOut(this, {buildOptions(), m_rankings, m_note, pictures});
    connect(m_rankings, &RankingsLine::rankingsChanged, this, &WeightsPanel::showRankings);

    connect(m_view, &plots::HistogramView::viewOptionsChanged, this, &WeightsPanel::showOptions);
    connect(m_view, &plots::HistogramView::cutMoved, this,
            [this](double threshold) { m_document->preview(m_document->selection(), threshold); });
    connect(m_view, &plots::HistogramView::cutCommitted, this,
            [this](double threshold) { m_document->setCut(m_document->selection(), threshold); });
    connect(m_view, &plots::HistogramView::cutCancelled, this,
            [this] { m_document->preview(m_document->selection(), {}); });
    connect(m_document, &Document::selectionChanged, this, &WeightsPanel::reload);
    connect(m_document, &Document::snapshotChanged, this, &WeightsPanel::reload);
    connect(m_document, &Document::indexChanged, this, [this](model::LayerId layer) {
        if (layer == m_document->selection()) reload();
    });
    connect(m_document, &Document::planChanged, this, &WeightsPanel::showCut);
    connect(m_document, &Document::masksChanged, this, &WeightsPanel::showCut);
    connect(m_document, &Document::previewChanged, this, &WeightsPanel::showCut);
    connect(m_document->highlight(), &Highlight::changed, this, &WeightsPanel::showMark);
    connect(m_document, &Document::selectionChanged, this, &WeightsPanel::showMark);
    // A mark that came with the panel, from a heatmap now hidden, goes when the mouse moves here.
    connect(m_view, &plots::PlotView::hoverTextChanged, m_document->highlight(), &Highlight::clear);
    reload();
}

QWidget* WeightsPanel::buildOptions() {
    m_value->setObjectName(QStringLiteral("weightsValue"));
    m_value->setAccessibleName(tr("Value shown"));
    m_value->addItem(tr("Magnitude |w|"));
    m_value->addItem(tr("Weight w"));
    m_value->setToolTip(tr("Magnitude |w|, by which weights are removed, or the signed weight w"));
    m_log->setObjectName(QStringLiteral("weightsLog"));
    m_log->setAccessibleName(tr("Logarithmic counts"));
    m_log->setToolTip(tr("Weights per bin on a logarithmic axis: shows the thin tails"));
    m_full->setObjectName(QStringLiteral("weightsFull"));
    m_full->setAccessibleName(tr("Full range of values"));
    m_full->setToolTip(tr("All weights, instead of the range from 0.1 % to 99.9 % of them"));
    m_bins->setObjectName(QStringLiteral("weightsBins"));
    m_bins->setAccessibleName(tr("Number of bins"));
    m_bins->setToolTip(
        tr("Bins in the range that is shown; each counts every weight that falls into it"));
    m_bins->setRange(10, kMostBins);
    m_bins->setValue(kDefaultBins);
    m_bins->setSuffix(tr(" bins"));
    m_bins->setKeyboardTracking(false);

    connect(m_value, &QComboBox::currentIndexChanged, this, &WeightsPanel::takeOptions);
    connect(m_log, &QCheckBox::toggled, this, &WeightsPanel::takeOptions);
    connect(m_full, &QCheckBox::toggled, this, &WeightsPanel::takeOptions);
    connect(m_bins, &QSpinBox::valueChanged, this, &WeightsPanel::reload);
    return optionBar(this, m_title, {m_value, m_log, m_full, m_bins, m_rankings->box()});
}

void WeightsPanel::takeOptions() {
    m_view->setMode(m_value->currentIndex() == 0 ? plots::HistogramMode::Magnitude
                                                 : plots::HistogramMode::Signed);
    m_view->setCountScale(m_log->isChecked() ? plots::CountScale::Log : plots::CountScale::Linear);
    m_view->setValueRange(m_full->isChecked() ? plots::ValueRange::Full
                                              : plots::ValueRange::Robust);
    reload();
}

// The plot's own menu changes the same options.
void WeightsPanel::showOptions() {
    const QSignalBlocker value(m_value);
    const QSignalBlocker log(m_log);
    const QSignalBlocker full(m_full);
    m_value->setCurrentIndex(m_view->mode() == plots::HistogramMode::Magnitude ? 0 : 1);
    m_log->setChecked(m_view->countScale() == plots::CountScale::Log);
    m_full->setChecked(m_view->valueRange() == plots::ValueRange::Full);
    reload();
}

void WeightsPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (m_isStale) reloadNow();
    showMark();
}

void WeightsPanel::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    m_document->highlight()->clear();  // a mark that came with the panel goes with it
}

void WeightsPanel::reload() {
    m_isStale = true;
    if (isVisible()) reloadNow();
}

void WeightsPanel::reloadNow() {
    m_isStale = false;
    const model::LayerId layer = m_document->selection();
    if (!m_document->hasModel() || !layer.isValid()) {
        m_title->clear();
        m_note->hide();
        m_view->setBusy(false);
        m_view->setEmptyState(
            tr("The weights of a layer appear here, with a cut that you can drag."));
        return;
    }
    showLayer();
    if (const Error* error = m_document->indexError(layer)) {
        m_view->setBusy(false);
        m_view->setEmptyState(text(error->text()));
        return;
    }
    m_view->setEmptyState({});
    const bool isReady = m_document->index(layer) != nullptr;
    m_view->setBusy(!isReady, tr("Reading the weights of this layer"));
    setCutFunctions();
    m_view->setData(isReady ? histogramOf(layer) : plots::TensorHistogram{});
    showCut();
}

void WeightsPanel::showLayer() {
    const model::Layer& layer = m_document->snapshot()->layer(m_document->selection());
    m_title->setText(QStringLiteral("%1  ·  %2").arg(displayName(layer), shapeText(layer)));
    m_title->setToolTip(
        style::counted(layer.weightCount, tr("%1: %2 weight, shape %3"),
                       tr("%1: %2 weights, shape %3"))
            .arg(text(layer.name), text(exactCount(layer.weightCount)), shapeText(layer)));
    m_view->setExportName(displayName(layer) + QStringLiteral("-histogram"));
    m_view->setAccessibleText(tr("Histogram of %1").arg(displayName(layer)), {});
}

plots::TensorHistogram WeightsPanel::histogramOf(model::LayerId layer) const {
    const model::WeightIndex& index = *m_document->index(layer);
    const model::WeightStatistics& statistics = index.statistics();
    const double largest = statistics.maxMagnitude > 0 ? statistics.maxMagnitude : 1;
    const bool isFull = m_full->isChecked();
    const double robust = std::min(largest, index.magnitudeQuantile(kRobustShare));
    const int bins = isFull ? m_bins->value() : binsFor(largest, robust, m_bins->value());

    plots::TensorHistogram data;
    data.magnitude = converted(index.magnitudeHistogram(0, largest, bins), statistics);
    data.magnitude.minimum = 0;
    data.magnitude.maximum = statistics.maxMagnitude;
    data.magnitude.robust = {0, robust};
    // An even number: 0 is an edge between two bins.
    data.signedValues =
        converted(index.signedHistogram(-largest, largest, bins + bins % 2), statistics);
    const QString name = text(m_document->snapshot()->layer(layer).name);
    data.magnitude.name = name;
    data.signedValues.name = name;
    return data;
}

void WeightsPanel::setCutFunctions() {
    const model::LayerId layer = m_document->selection();
    const model::WeightIndex* found = m_document->index(layer);
    if (!found) return m_view->setCutFunctions({}, {});
    // The functions outlive the Document's index when another layer comes: they keep their own.
    const auto count = static_cast<double>(m_document->snapshot()->layer(layer).weightCount);
    const std::int64_t base = m_document->snapshot()->baseRemoved(layer);
    m_view->setCutFunctions(
        [index = *found, count, base](double threshold) {
            const std::int64_t removed = base + index.countBelow(threshold);
            return plots::CutReadout{removed, count > 0 ? static_cast<double>(removed) / count : 0};
        },
        [index = *found, count, base](double sparsity) {
            const auto ofKept = std::llround(sparsity * count) - base;
            return ofKept <= 0 ? 0.0 : index.kthMagnitude(ofKept);
        });
}

QString WeightsPanel::whyNotEditable() const {
    const model::LayerId id = m_document->selection();
    const model::Layer& layer = m_document->snapshot()->layer(id);
    if (!layer.prunable.weights)
        return tr("Cannot be pruned: %1.").arg(text(layer.prunable.reason));
    if (m_document->isLocked(id)) return tr("Locked: no rule touches this layer.");
    if (!m_document->cutContext(id).followsMagnitude) {
        return tr("Ranked by %1, not by magnitude: set the sparsity in the layer settings.")
            .arg(text(m_document->plan().weightCriterion));
    }
    return {};
}

void WeightsPanel::showCut() {
    const model::LayerId layer = m_document->selection();
    if (m_isStale || !layer.isValid() || !m_document->hasModel()) return;
    const QString reason = whyNotEditable();
    const prune::WeightRule* rule = m_document->rule(layer);
    const bool isPattern = reason.isEmpty() && rule && rule->kind == Kind::Pattern;
    m_view->setCutEditable(reason.isEmpty(), reason);
    std::optional<double> cut = m_document->previewedThreshold(layer);
    if (!cut) cut = m_document->cutThreshold(layer);
    if (!cut && reason.isEmpty() && !isPattern) cut = 0;  // a line to take hold of
    m_view->setCut(m_document->index(layer) ? cut : std::nullopt);
    const QString note =
        isPattern
            ? tr("%1 removes within runs of weights, at no single magnitude: there is no line "
                 "to drag. A threshold in the layer settings replaces it.")
                  .arg(style::numberText(describe(*rule)))
            : reason;
    m_note->setText(note);
    m_note->setVisible(!note.isEmpty());
}

void WeightsPanel::showRankings() {
    const LayerRankings* rankings = m_rankings->rankings();
    m_ranks->setVisible(rankings != nullptr);
    if (rankings) m_ranks->setData(ranksTogether(*rankings));
}

QString WeightsPanel::rankingReadout(int row, int column) const {
    const LayerRankings* rankings = m_rankings->rankings();
    return rankings ? describeCell(*rankings, row, column) : QString();
}

void WeightsPanel::showMark() {
    const Hovered& hovered = m_document->highlight()->hovered();
    m_view->setMark(hovered.layer == m_document->selection() ? hovered.magnitude : std::nullopt);
}

}  // namespace espalier::ui
