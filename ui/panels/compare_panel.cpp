// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/compare_panel.h"

#include <algorithm>
#include <utility>

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QSignalBlocker>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>

#include "core/base/format.h"
#include "ui/document/workbench.h"
#include "ui/models/comparison_model.h"
#include "ui/panels/comparison_pictures.h"
#include "ui/panels/comparison_table.h"
#include "ui/panels/elided_label.h"
#include "ui/panels/plot_panel.h"
#include "ui/plots/difference_view.h"
#include "ui/plots/overlay_view.h"
#include "ui/style/icons.h"

namespace espalier::ui {

namespace {

constexpr int kDense = -1;  // item data of a side; a node's own number is not negative
constexpr int kCurrent = -2;
constexpr int kClassesPage = 1;

int itemOf(const Side& side) {
    if (side.kind == Side::Kind::Dense) return kDense;
    return side.kind == Side::Kind::Current ? kCurrent : side.node.value;
}

Side sideOf(int item) {
    if (item == kDense) return {Side::Kind::Dense, {}};
    if (item == kCurrent) return {Side::Kind::Current, {}};
    return {Side::Kind::Node, project::NodeId{item}};
}

}  // namespace

ComparePanel::ComparePanel(Workbench* workbench, QWidget* parent)
    : QWidget(parent),
      m_document(workbench->document()),
      m_comparison(workbench->comparison()),
      m_status(new ElidedLabel(this)),
      m_picture(new QComboBox(this)),
      m_log(new QCheckBox(tr("Log counts"), this)),
      m_pictures(new QStackedWidget(this)),
      m_overlay(new plots::OverlayView(this)),
      m_classes(new plots::DifferenceView(this)),
      m_table(new ComparisonTable(this)) {
    setObjectName(QStringLiteral("comparePanel"));
    m_status->setObjectName(QStringLiteral("compareStatus"));
    m_overlay->setObjectName(QStringLiteral("compareHistograms"));
    m_classes->setObjectName(QStringLiteral("compareClasses"));
    m_pictures->addWidget(m_overlay);
    m_pictures->addWidget(m_classes);
    auto* parts = new QSplitter(Qt::Vertical, this);
    parts->addWidget(m_pictures);
    parts->addWidget(m_table);
    parts->setChildrenCollapsible(false);
    parts->setStretchFactor(0, 3);
    parts->setStretchFactor(1, 2);
    setFocusProxy(m_sides[0]);
    layOut(this, {buildSides(), buildOptions(), m_status, parts});
    connectComparison();
    connectViews();
    fillSides();
    showLayers();
    showHistograms();
    showMeasurements();
}

QComboBox* ComparePanel::makeSide(Comparison::Which which, const QString& name,
                                  const QString& title) {
    auto* box = new QComboBox(this);
    box->setObjectName(name);
    box->setAccessibleName(title);
    box->setToolTip(
        tr("%1: the model as opened, what is shown, or a state of the history").arg(title));
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(8);
    box->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(box, &QComboBox::activated, this, [this, which] { takeSide(which); });
    m_sides[which] = box;
    return box;
}

QWidget* ComparePanel::buildSides() {
    auto* bar = new QWidget(this);
    auto* row = new QHBoxLayout(bar);
    row->setContentsMargins({});
    row->setSpacing(style::kSpacePanel);
    auto* left = makeSide(Comparison::Left, QStringLiteral("compareLeft"), tr("Side A"));
    auto* right = makeSide(Comparison::Right, QStringLiteral("compareRight"), tr("Side B"));
    auto* swap = barButton(this, "compareSwap", tr("Swap"), tr("Exchanges the two sides"));
    connect(swap, &QToolButton::clicked, m_comparison, &Comparison::swap);
    auto* leftLabel = new QLabel(tr("A"), bar);
    auto* rightLabel = new QLabel(tr("B"), bar);
    leftLabel->setBuddy(left);
    rightLabel->setBuddy(right);
    row->addWidget(leftLabel);
    row->addWidget(left, 1);
    row->addWidget(swap);
    row->addWidget(rightLabel);
    row->addWidget(right, 1);
    return bar;
}

QWidget* ComparePanel::buildOptions() {
    m_picture->setObjectName(QStringLiteral("comparePicture"));
    m_picture->setAccessibleName(tr("Picture"));
    m_picture->setToolTip(
        tr("The weights of the selected layer on both sides, or the difference "
           "of accuracy in each class"));
    m_picture->addItems({tr("Histograms"), tr("Classes")});
    m_log->setObjectName(QStringLiteral("compareLog"));
    m_log->setAccessibleName(tr("Logarithmic counts"));
    m_log->setToolTip(tr("Weights per bin on a logarithmic axis: shows the thin tails"));
    m_accuracy = barButton(this, "compareAccuracy", {}, {});
    m_latency = barButton(this, "compareLatency", tr("Measure latency"),
                          tr("Times one forward pass of both sides, in turns"));
    m_latency->setIcon(style::icon(style::Icon::Latency));
    connect(m_latency, &QToolButton::clicked, m_comparison, &Comparison::measureLatency);
    connect(m_accuracy, &QToolButton::clicked, this, &ComparePanel::act);
    connect(m_picture, &QComboBox::currentIndexChanged, this, [this](int page) {
        m_pictures->setCurrentIndex(page);
        m_log->setEnabled(page != kClassesPage);
    });
    connect(m_log, &QCheckBox::toggled, this, [this](bool isLog) {
        m_overlay->setCountScale(isLog ? plots::CountScale::Log : plots::CountScale::Linear);
    });
    return optionBar(this, new QWidget(this), {m_picture, m_log, m_accuracy, m_latency});
}

void ComparePanel::connectComparison() {
    connect(m_comparison, &Comparison::sidesChanged, this, &ComparePanel::fillSides);
    connect(m_comparison, &Comparison::layersChanged, this, &ComparePanel::showLayers);
    connect(m_comparison, &Comparison::histogramsChanged, this, &ComparePanel::showHistograms);
    connect(m_comparison, &Comparison::measurementsChanged, this, &ComparePanel::showMeasurements);
    connect(m_comparison->jobs(), &StateJobs::runningChanged, this,
            &ComparePanel::showMeasurements);
    connect(m_comparison->jobs(), &StateJobs::progressed, this, &ComparePanel::showMeasurements);
    connect(m_document, &Document::datasetChanged, this, &ComparePanel::showMeasurements);
    connect(m_document, &Document::selectionChanged, this, &ComparePanel::showSelection);
}

void ComparePanel::connectViews() {
    connect(m_overlay, &plots::OverlayView::countScaleChanged, this, [this] {
        const QSignalBlocker quiet(m_log);
        m_log->setChecked(m_overlay->countScale() == plots::CountScale::Log);
    });
    connect(m_classes, &plots::PlotView::emptyActionTriggered, this, [this] {
        if (!m_document->dataset()) return Q_EMIT attachDataRequested();
        m_comparison->measureAccuracy();
    });
    connect(m_table, &ComparisonTable::layerChosen, this, [this](const QString& name) {
        if (!m_document->hasModel()) return;
        if (const auto layer = m_document->snapshot()->find(name.toStdString()))
            m_document->select(*layer);
    });
    connect(m_table, &ComparisonTable::saved, this, &ComparePanel::saved);
    connect(m_table, &ComparisonTable::failed, this, &ComparePanel::failed);
}

void ComparePanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    m_comparison->setWatched(true);
}

void ComparePanel::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    m_comparison->setWatched(false);
}

// Pinned states first, then the others, each in the order they were made.
void ComparePanel::fillSides() {
    auto nodes = m_document->history().nodes();
    std::erase_if(nodes, [this](const auto& node) {  // it is "Dense (as opened)"
        return node->id == m_document->history().root();
    });
    std::ranges::stable_partition(nodes, [](const auto& node) { return node->isPinned; });
    for (const auto which : {Comparison::Left, Comparison::Right}) {
        QComboBox* box = m_sides[which];
        const QSignalBlocker quiet(box);
        box->clear();
        box->setEnabled(m_document->hasModel());
        if (!m_document->hasModel()) continue;
        box->addItem(style::icon(style::Icon::Model), tr("Dense (as opened)"), kDense);
        box->addItem(style::icon(style::Icon::Cut), tr("Current"), kCurrent);
        for (const auto& node : nodes) {
            const QString name = QString::fromStdString(node->name);
            box->addItem(style::icon(node->isPinned ? style::Icon::Pin : style::Icon::History),
                         name, node->id.value);
        }
        box->setCurrentIndex(box->findData(itemOf(m_comparison->side(which))));
    }
    if (!m_document->hasModel()) return;
    m_table->layers()->setSideNames(m_comparison->nameOf(Comparison::Left),
                                    m_comparison->nameOf(Comparison::Right));
}

void ComparePanel::takeSide(Comparison::Which which) {
    m_comparison->setSide(which, sideOf(m_sides[which]->currentData().toInt()));
}

void ComparePanel::showLayers() {
    m_table->setLayers(m_comparison->layers());
    showSelection();
    showHistograms();
}

void ComparePanel::showSelection() {
    const model::LayerId layer = m_document->selection();
    if (m_document->hasModel() && layer.isValid())
        m_table->showLayer(m_document->snapshot()->layer(layer).name);
}

void ComparePanel::showHistograms() {
    QString words;
    if (!m_document->hasModel()) {
        words = tr("The weights of two states of the model appear here, one over the other.");
    } else if (m_comparison->error()) {
        words = QString::fromStdString(m_comparison->error()->text());
    }
    m_overlay->setEmptyState(words);
    const bool isReady = m_comparison->histograms().has_value();
    m_overlay->setBusy(words.isEmpty() && !isReady, tr("Counting the weights of both sides"));
    m_overlay->setData(isReady ? overlayOf(*m_comparison) : plots::OverlayData{});
    const QString layer = QString::fromStdString(m_comparison->histogramLayer());
    m_overlay->setExportName(layer + QStringLiteral("-compared"));
    if (std::exchange(m_overlaidLayer, layer) != layer) m_overlay->resetView();
    m_overlay->setToolTip(isReady ? changeText(*m_comparison) : QString());
}

void ComparePanel::showClasses() {
    QString words;
    QString action;
    if (!m_document->hasModel()) {
        words = tr("How each class fares in two states of the model appears here.");
    } else if (!m_document->dataset()) {
        words = tr("Comparing the accuracy of classes needs data.");
        action = tr("Attach data…");
    } else if (m_comparison->classes().empty() && m_comparison->evaluation(Comparison::Left) &&
               m_comparison->evaluation(Comparison::Right)) {
        words = tr("What was measured has no classes: it stands in the line above.");
    } else if (m_comparison->classes().empty()) {
        words = tr("Measures the accuracy of both sides, class by class.");
        action = tr("Measure accuracy");
    }
    m_classes->setEmptyState(words, action);
    if (words.isEmpty()) {
        m_classes->setSideNames(m_comparison->nameOf(Comparison::Left),
                                m_comparison->nameOf(Comparison::Right));
    }
    m_classes->setBars(words.isEmpty() ? barsOf(*m_comparison)
                                       : std::vector<plots::DifferenceBar>());
}

void ComparePanel::showMeasurements() {
    showClasses();
    const bool isRunning = m_comparison->jobs()->isRunning();
    m_accuracy->setText(isRunning ? tr("Cancel") : tr("Measure accuracy"));
    m_accuracy->setIcon(style::icon(isRunning ? style::Icon::Stop : style::Icon::Measure));
    m_accuracy->setToolTip(isRunning ? tr("Stops measuring")
                                     : tr("Runs both sides on the validation split (test where "
                                          "there is none), class by class"));
    m_accuracy->setEnabled(isRunning || (m_document->hasModel() && m_document->dataset()));
    m_latency->setEnabled(m_document->hasModel() && !isRunning);
    const auto progress = m_comparison->jobs()->progress();
    const QString status = !m_document->hasModel() ? QString()
                           : progress              ? QString::fromStdString(progress->step)
                                                   : measurementText(*m_comparison);
    m_status->setText(status);
    m_status->setToolTip(status);
}

void ComparePanel::act() {
    StateJobs* jobs = m_comparison->jobs();
    jobs->isRunning() ? jobs->stop() : m_comparison->measureAccuracy();
}

}  // namespace espalier::ui
