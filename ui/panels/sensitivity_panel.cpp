// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/sensitivity_panel.h"

#include <algorithm>

#include <QDoubleSpinBox>
#include <QLabel>
#include <QStackedWidget>
#include <QToolButton>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/exchange/scan_files.h"
#include "core/measure/sampling_error.h"
#include "ui/dialogs/dialogs.h"
#include "ui/document/highlight.h"
#include "ui/document/random_baseline.h"
#include "ui/document/workbench.h"
#include "ui/panels/elided_label.h"
#include "ui/panels/exact_spin_box.h"
#include "ui/panels/plot_panel.h"
#include "ui/panels/sensitivity_bar.h"
#include "ui/panels/sensitivity_pictures.h"
#include "ui/plots/heatmap_view.h"
#include "ui/plots/limit_curves_view.h"
#include "ui/style/icons.h"
#include "ui/style/number_text.h"
#include "ui/style/words.h"

namespace espalier::ui {

namespace {

constexpr double kPercent = 100;
constexpr int kPreviewColor = 7;
constexpr int kRoomForNote = 330;  // pixels of the panel's height

QString text(std::string_view utf8) {
    return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

/// Colours come again with another mark: no two of the first 21 curves look the same.
plots::SeriesStyle styleOf(int curve) {
    using Marker = plots::SeriesStyle::Marker;
    constexpr Marker kMarkers[] = {Marker::Disc, Marker::Square, Marker::Diamond};
    plots::SeriesStyle style;
    style.color = curve % kPreviewColor;
    style.marker = kMarkers[curve / kPreviewColor % std::ssize(kMarkers)];
    return style;
}

}  // namespace

SensitivityPanel::SensitivityPanel(Workbench* workbench, QWidget* parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_document(workbench->document()),
      m_scan(workbench->sensitivity()),
      m_random(new RandomBaseline(m_document, workbench->jobs(), m_scan, this)),
      m_bar(new SensitivityBar(workbench, this)),
      m_status(new ElidedLabel(this)),
      m_samplingNote(new ElidedLabel(this)),
      m_dropLabel(new QLabel(this)),
      m_drop(new ExactSpinBox(this)),
      m_views(new QStackedWidget(this)),
      m_curves(new plots::LimitCurvesView(this)),
      m_heatmap(new plots::HeatmapView(this)) {
    setObjectName(QStringLiteral("sensitivityPanel"));
    m_status->setObjectName(QStringLiteral("sensitivityStatus"));
    m_samplingNote->setObjectName(QStringLiteral("sensitivitySamplingNote"));
    m_samplingNote->hide();
    m_curves->setObjectName(QStringLiteral("sensitivityCurves"));
    m_curves->setExportName(QStringLiteral("sensitivity"));
    m_curves->setLeastBottomRange({0, kPercent});
    m_curves->setLegendWanted(false);
    m_heatmap->setObjectName(QStringLiteral("sensitivityHeatmap"));
    m_heatmap->setExportName(QStringLiteral("sensitivity-heatmap"));
    m_heatmap->setReadout([this](int row, int level) { return cellText(*m_scan, row, level); });
    m_views->addWidget(m_curves);
    m_views->addWidget(m_heatmap);
    setFocusProxy(m_curves);
    layOut(this, {m_bar, buildBottom(), m_status, m_samplingNote, m_views});
    connectScan();
    connectViews();
    showMetric();
    reload();
}

QWidget* SensitivityPanel::buildBottom() {
    m_drop->setObjectName(QStringLiteral("sensitivityDrop"));
    m_drop->setRange(0, 100);
    m_drop->setDecimals(2);
    m_drop->setSingleStep(0.25);
    m_drop->setValue(m_applied);
    m_apply = barButton(this, "sensitivityApply", tr("Apply to all"),
                        tr("Sets the largest measured sparsity of every layer that loses no more, "
                           "as one step. Together the layers lose more than each alone."));
    m_export = barButton(this, "sensitivityExport", tr("CSV…"),
                         tr("Writes every point: parameter, sparsity, top1, top5, loss"));
    m_export->setIcon(style::icon(style::Icon::Export));
    connect(m_drop, &QDoubleSpinBox::valueChanged, this, &SensitivityPanel::showLimit);
    connect(m_drop, &QDoubleSpinBox::valueChanged, this, [this] { m_bar->setMaxDrop(drop()); });
    connect(m_drop, &QDoubleSpinBox::editingFinished, this, [this] {
        const bool isEntered = m_drop->hasFocus();  // else the field was left
        if (isEntered || m_drop->value() != m_applied) applyLimit();
    });
    connect(m_apply, &QToolButton::clicked, this, &SensitivityPanel::applyLimit);
    connect(m_export, &QToolButton::clicked, this, &SensitivityPanel::exportCsv);
    m_dropLabel->setBuddy(m_drop);
    return optionBar(this, m_dropLabel, {m_drop, m_apply, m_export});
}

void SensitivityPanel::connectScan() {
    connect(m_scan, &SensitivityScan::curvesChanged, this, &SensitivityPanel::reload);
    connect(m_scan, &SensitivityScan::runningChanged, this, &SensitivityPanel::showProgress);
    connect(m_scan, &SensitivityScan::runningChanged, this, &SensitivityPanel::reload);
    connect(m_scan, &SensitivityScan::progressed, this, &SensitivityPanel::showProgress);
    connect(m_scan, &SensitivityScan::noted, m_status,
            [this](const QString& note) { showStatus(style::withoutOptions(note)); });
    connect(m_random, &RandomBaseline::changed, this, &SensitivityPanel::reload);
    connect(m_random, &RandomBaseline::failed, this, &SensitivityPanel::failed);
    connect(m_bar, &SensitivityBar::randomToggled, this, [this] {
        m_random->forgetFailure();
        reload();
    });
    connect(m_document, &Document::selectionChanged, this, [this] {
        reload();
        requestPreview();
    });
    connect(m_document, &Document::snapshotChanged, this, &SensitivityPanel::requestPreview);
    connect(m_document, &Document::datasetChanged, this, &SensitivityPanel::reload);
}

void SensitivityPanel::setSamples(int samples) {
    m_bar->setSamples(samples);
}

void SensitivityPanel::connectViews() {
    connect(m_bar, &SensitivityBar::samplesChanged, this, &SensitivityPanel::samplesChanged);
    connect(m_bar, &SensitivityBar::startClicked, this, &SensitivityPanel::start);
    connect(m_bar, &SensitivityBar::pictureChosen, m_views, &QStackedWidget::setCurrentIndex);
    connect(m_curves, &plots::PlotView::emptyActionTriggered, this, [this] {
        if (m_document->dataset()) return start();
        Q_EMIT attachDataRequested();
    });
    connect(m_curves, &plots::CurvesView::pointClicked, this, [this](int series, int index) {
        const auto curve = std::ranges::find(m_series, series);
        if (curve == m_series.end()) return;
        const int row = static_cast<int>(curve - m_series.begin());
        m_document->select(m_scan->layerOf(row));
        if (index > 0)  // 0 is the dense model
            m_scan->setSparsity(
                row, m_curves->points(series).x[static_cast<std::size_t>(index)] / kPercent);
    });
    connect(m_curves, &plots::LimitCurvesView::limitMoved, this, &SensitivityPanel::moveLimit);
    connect(m_curves, &plots::LimitCurvesView::limitCommitted, this, &SensitivityPanel::applyLimit);
    connect(m_curves, &plots::CurvesView::seriesHovered, this, [this](int series) {
        const auto curve = std::ranges::find(m_series, series);
        const bool isCurve = curve != m_series.end();
        m_document->highlight()->set(
            {isCurve ? m_scan->layerOf(static_cast<int>(curve - m_series.begin()))
                     : model::LayerId{},
             {}});
    });
    connect(m_heatmap, &plots::HeatmapView::cellHovered, this, [this](int row) {
        m_document->highlight()->set({m_scan->layerOf(row), {}});
    });
    connect(m_document->highlight(), &Highlight::changed, this, [this] {
        m_heatmap->setHighlightedRow(m_scan->indexOf(m_document->highlight()->hovered().layer));
    });
    connect(m_heatmap, &plots::HeatmapView::rowClicked, this,
            [this](int row) { m_document->select(m_scan->layerOf(row)); });
}

void SensitivityPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (m_isStale) reloadNow();
    requestPreview();
}

void SensitivityPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    showSamplingNote();
}

void SensitivityPanel::start() {
    if (m_scan->isRunning()) return m_scan->stop();
    m_scan->start(m_bar->options());
}

void SensitivityPanel::exportCsv() {
    QString path =
        dialogs::saveFile(this, {tr("Export sensitivity"), QStringLiteral("sensitivity.csv"),
                                 tr("Comma-separated values (*.csv)")});
    if (path.isEmpty()) return;
    if (!path.endsWith(QStringLiteral(".csv"))) path += QStringLiteral(".csv");
    const auto written = writeTextAtomically(
        path.toStdString(), exchange::sensitivityToCsv(m_scan->curves(), m_scan->metric()));
    if (!written) {
        Q_EMIT failed(written.error());
        return;
    }
    Q_EMIT saved(tr("Exported the sensitivity."), path);
}

void SensitivityPanel::reload() {
    m_isStale = true;
    if (isVisible()) reloadNow();
}

void SensitivityPanel::reloadNow() {
    m_isStale = false;
    showMetric();
    showEmptyState();
    m_dropLabel->setText(m_document->metric().kind == measure::Metric::Kind::Loss
                             ? tr("May raise it by")
                             : tr("May lose"));
    m_dropLabel->setToolTip(m_drop->toolTip());
    reloadCurves();
    if (m_scan->hasPoints()) m_heatmap->setData(dropHeatmap(*m_scan, m_scan->options().maxDrop));
    showSelection();
    showLimit();
    showProgress();
}

void SensitivityPanel::showEmptyState() {
    const bool isPreviewed = m_preview.size() > 0;
    QString words;
    QString action;
    if (!m_document->hasModel()) {
        words = tr("What pruning each layer alone costs appears here.");
    } else if (!m_document->dataset()) {
        words = tr("Measuring what pruning each layer alone costs needs data.");
        action = tr("Attach data…");
    } else if (!m_scan->hasPoints() && !m_scan->isRunning() && !isPreviewed) {
        words = tr("Measures what pruning each layer alone costs, without retraining.");
        action = tr("Start");
    }
    m_curves->setEmptyState(words, action);
    m_heatmap->setEmptyState(m_scan->hasPoints() ? QString()
                             : words.isEmpty()   ? tr("Nothing is measured yet.")
                                                 : words);
    m_apply->setEnabled(m_scan->hasPoints() && !m_scan->isRunning());
    m_export->setEnabled(m_scan->hasPoints());
}

void SensitivityPanel::reloadCurves() {
    if (m_series.size() != m_scan->curves().size() || m_previewSeries < 0) rebuildSeries();
    for (int curve = 0; curve < std::ssize(m_series); ++curve)
        m_curves->setPoints(
            m_series[static_cast<std::size_t>(curve)],
            curvePoints(*m_scan, m_scan->curves()[static_cast<std::size_t>(curve)]));
    m_curves->setPoints(m_previewSeries, m_preview);
    showRandom();
}

/// The selected layer's, once it is wished for.
void SensitivityPanel::showRandom() {
    plots::Points points;
    const int row = m_scan->indexOf(m_document->selection());
    if (m_bar->isRandomWanted() && row >= 0) {
        const std::string& name = m_scan->curves()[static_cast<std::size_t>(row)].name;
        if (!m_scan->isRunning()) m_random->measure(name);
        if (const auto* curve = m_random->curve(name)) points = curvePoints(*m_scan, *curve);
    }
    m_curves->setPoints(m_randomSeries, std::move(points));
}

void SensitivityPanel::rebuildSeries() {
    m_curves->clear();
    m_series.clear();
    for (const auto& curve : m_scan->curves()) {
        plots::SeriesStyle style = styleOf(static_cast<int>(m_series.size()));
        style.name = text(curve.name);
        m_series.push_back(m_curves->addSeries(style));
    }
    plots::SeriesStyle preview;
    preview.name = tr("magnitude removed");
    preview.axis = plots::SeriesStyle::Axis::Right;
    preview.line = plots::SeriesStyle::Line::Dashed;
    preview.color = kPreviewColor;
    m_previewSeries = m_curves->addSeries(preview);
    plots::SeriesStyle random;
    random.name = tr("random, the selected layer");
    random.line = plots::SeriesStyle::Line::Dashed;
    random.marker = plots::SeriesStyle::Marker::Square;
    random.color = kPreviewColor;
    m_randomSeries = m_curves->addSeries(random);
}

/// Without measuring anything, and at once: how much of the selected layer's magnitude goes.
void SensitivityPanel::requestPreview() {
    const model::LayerId layer = m_document->selection();
    const auto snapshot = m_document->snapshot();
    const bool isPrunable = snapshot && layer.isValid() && snapshot->layer(layer).prunable.weights;
    if (!isPrunable) {
        m_preview = {};
        return reload();
    }
    if (!isVisible()) return;
    m_workbench->jobs()->run<std::vector<double>>(
        {Lane::Interactive, {}, QStringLiteral("sensitivityPreview"), false}, this,
        [snapshot, layer](const EventSink<>&, RunControl& control) {
            return measure::removedMagnitude(*snapshot, layer, control);
        },
        [this](const Result<std::vector<double>>& shares) {
            m_preview = {{0}, {0}};
            for (int level = 0; shares && level < measure::kLevelCount; ++level) {
                m_preview.x.push_back(kPercent * measure::sparsityOfLevel(level));
                m_preview.y.push_back(kPercent * (*shares)[static_cast<std::size_t>(level)]);
            }
            if (!shares) m_preview = {};
            reload();
        });
}

void SensitivityPanel::showSelection() {
    const int curve = m_scan->indexOf(m_document->selection());
    const bool isShown = curve >= 0 && curve < std::ssize(m_series);
    m_curves->setHighlighted(isShown ? m_series[static_cast<std::size_t>(curve)] : -1);
    m_heatmap->setCurrentRow(curve);
}

/// Not while layers are still to be measured: that would be a plan for a part of them.
void SensitivityPanel::applyLimit() {
    if (m_scan->isRunning()) return;
    m_applied = m_drop->value();
    if (m_scan->hasPoints()) m_scan->setLargest(drop());
}

double SensitivityPanel::drop() const {
    return dropOfShown(m_document->metric(), m_drop->value());
}

void SensitivityPanel::moveLimit(double shown) {
    if (!m_scan->dense()) return;
    const measure::Metric& metric = m_scan->metric();
    const double value = metric.isShare() ? shown / kPercent : shown;
    m_drop->setValue(shownDrop(metric, metric.drop(m_scan->dense()->score, value)));
}

QString SensitivityPanel::dropName(const measure::Metric& metric) {
    const QString title = metricTitle(metric);
    if (metric.isShare()) return tr("Points of %1 that each layer alone may lose").arg(title);
    return metric.kind == measure::Metric::Kind::Loss
               ? tr("Per cent by which each layer alone may raise the %1").arg(title)
               : tr("How much of %1 each layer alone may lose, in its own unit").arg(title);
}

/// What is measured on the data that is attached, in words and units.
void SensitivityPanel::showMetric() {
    const measure::Metric metric = m_document->metric();
    const QString title = metricTitle(metric);
    m_curves->setAxisTitles(tr("sparsity, %"), metric.isShare() ? title + tr(", %") : title,
                            tr("magnitude removed, %"));
    const QString unit = dropUnit(metric);
    m_drop->setSuffix(unit.isEmpty() ? unit : QLatin1Char(' ') + unit);
    m_drop->setAccessibleName(dropName(metric));
    m_drop->setToolTip(m_drop->accessibleName());
    m_bar->setMaxDrop(drop());
}

void SensitivityPanel::showLimit() {
    showSamplingNote();
    const auto dense = m_scan->dense();
    if (!dense || !m_scan->hasPoints()) {
        m_curves->setLeftRange(plots::Range{0, kPercent});  // nothing stands on it yet
        return m_curves->setLimit(std::nullopt, {});
    }
    const measure::Metric& metric = m_scan->metric();
    const QString amount = style::numberText(significant(m_drop->value(), 3));
    m_curves->setLimit(shownValue(metric, metric.after(dense->score, drop())),
                       limitText(metric, amount));
    if (!m_curves->isDragging()) fitAxis();
    if (!m_scan->isRunning()) showStatus(limitSummary(*m_scan, drop()));
}

/// Whether the samples are enough for the limit.
void SensitivityPanel::showSamplingNote() {
    const auto dense = m_scan->dense();
    const auto dataset = m_document->dataset();
    QString note;
    if (dense && dataset) {
        const std::int64_t samples = measure::samplesOf(m_scan->options(), data::info(*dataset));
        note = text(measure::samplingNote(m_scan->metric(), dense->score, samples, drop()));
    }
    const bool hasRoom = height() >= kRoomForNote;  // else the picture needs it more
    m_samplingNote->setText(note.isEmpty() ? note : note + QLatin1Char('.'));
    m_samplingNote->setVisible(!note.isEmpty() && hasRoom);
    m_status->setToolTip(hasRoom ? QString()
                                 : (m_status->text() + u'\n' + m_samplingNote->text()).trimmed());
}

QString SensitivityPanel::limitText(const measure::Metric& metric, const QString& amount) {
    if (metric.isShare()) return tr("−%1 pt").arg(amount);
    return metric.kind == measure::Metric::Kind::Loss ? tr("+%1 %").arg(amount)
                                                      : tr("−%1").arg(amount);
}

/// All points and the limit, with room to drag it.
void SensitivityPanel::fitAxis() {
    double low = *m_curves->limit();
    double high = std::max(low, shownValue(m_scan->metric(), m_scan->dense()->score));
    low = std::min(low, shownValue(m_scan->metric(), m_scan->dense()->score));
    const auto include = [&](const measure::ScanPoint& point) {
        const double shown = shownValue(m_scan->metric(), point.figures.score);
        low = std::min(low, shown);
        high = std::max(high, shown);
    };
    for (const auto& curve : m_scan->curves()) std::ranges::for_each(curve.points, include);
    for (const double shown : m_curves->points(m_randomSeries).y) {
        low = std::min(low, shown);
        high = std::max(high, shown);
    }
    const double room = 0.05 * (high - low) + (m_scan->metric().isShare() ? 0.1 : 0);
    m_curves->setLeftRange(plots::Range{low - room, high + room});
}

/// It has no room while it says nothing.
void SensitivityPanel::showStatus(const QString& status) {
    m_status->setText(status);
    m_status->setVisible(!status.isEmpty());
}

void SensitivityPanel::showProgress() {
    const bool isRunning = m_scan->isRunning();
    m_bar->refresh();
    if (!isRunning) {
        showStatus(limitSummary(*m_scan, drop()));
        if (m_document->hasModel() && m_document->dataset() && !m_scan->hasPoints())
            showStatus(tr("Nothing is shown yet: press Start"));
        return showEmptyState();
    }
    const auto progress = m_scan->progress();
    if (!progress) return;
    QString status = text(progress->step);
    if (progress->secondsLeft >= 0)
        status += tr("  ·  %1 left").arg(text(duration(progress->secondsLeft)));
    showStatus(status);
}

}  // namespace espalier::ui
