// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/training_panel.h"

#include <cmath>

#include <QAction>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QScrollBar>
#include <QSplitter>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>

#include "core/train/presets.h"
#include "ui/document/workbench.h"
#include "ui/panels/elided_label.h"
#include "ui/panels/plot_panel.h"
#include "ui/panels/recipe_form.h"
#include "ui/panels/runs_table.h"
#include "ui/panels/training_charts.h"
#include "ui/panels/training_forecast.h"
#include "ui/panels/training_runs.h"
#include "ui/style/icons.h"

namespace espalier::ui {

namespace {
constexpr int kCurvesWidth = 10'000;  // as much as there is
}

TrainingPanel::TrainingPanel(Workbench* workbench, QWidget* parent)
    : QWidget(parent), m_workbench(workbench), m_runs(new TrainingRuns(workbench, this)) {
    setObjectName(QStringLiteral("trainingPanel"));
    auto* parts = new QSplitter(this);
    parts->setObjectName(QStringLiteral("trainingParts"));
    QWidget* controls = makeControls();
    parts->addWidget(controls);
    parts->addWidget(makeMonitor());
    parts->setChildrenCollapsible(false);
    parts->setStretchFactor(0, 0);
    parts->setStretchFactor(1, 1);
    parts->setSizes({controls->minimumSizeHint().width(), kCurvesWidth});
    connect(m_showControls, &QToolButton::toggled, controls, &QWidget::setVisible);
    layOut(this, {parts});
    connectAll();
    suggest();
    refreshRewind();
    refreshForecast();
    refreshEmptyState();
    refreshRunning();
}

QWidget* TrainingPanel::makeControls() {
    m_prune = barButton(this, "trainingPruneAndTune", tr("Prune and fine-tune"), {});
    m_start = barButton(this, "trainingStart", tr("Start"), {});
    m_stop = barButton(this, "trainingStop", tr("Stop"), {});
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(style::kSpaceRelated);
    for (QToolButton* button : {m_prune, m_start, m_stop}) buttons->addWidget(button);
    buttons->addStretch();
    m_tabs = new QTabWidget(this);
    m_tabs->setObjectName(QStringLiteral("trainingTabs"));
    m_tabs->setAccessibleName(tr("Recipe and runs"));
    m_tabs->tabBar()->setAccessibleName(tr("Recipe and runs"));
    m_tabs->tabBar()->setAccessibleDescription(
        tr("Arrow keys change between the recipe and the runs made with it"));
    m_tabs->setDocumentMode(true);
    m_tabs->addTab(makeRecipePage(), tr("Recipe"));
    m_tabs->addTab(makeRunsPage(), tr("Runs"));
    auto* controls = new QWidget(this);
    auto* lines = new QVBoxLayout(controls);
    lines->setContentsMargins({});
    lines->setSpacing(style::kSpaceRelated);
    lines->addLayout(buttons);
    lines->addWidget(m_tabs, 1);
    return controls;
}

QWidget* TrainingPanel::makeRecipePage() {
    m_form = new RecipeForm;
    m_load = barButton(this, "recipeLoad", tr("Load recipe…"),
                       tr("Load recipe: reads the fields from a recipe file"));
    m_load->setIcon(style::icon(style::Icon::Open));
    m_save = barButton(this, "recipeSave", tr("Save recipe…"),
                       tr("Save recipe: writes the fields to a recipe file, which the command line "
                          "takes as well"));
    m_save->setIcon(style::icon(style::Icon::Save));
    m_copyCommand = barButton(this, "recipeCopyCommand", tr("Copy as command line…"), {});
    m_copyCommand->setIcon(style::icon(style::Icon::Copy));
    for (QToolButton* button : {m_load, m_save, m_copyCommand}) {
        button->setToolButtonStyle(Qt::ToolButtonIconOnly);
        button->setAccessibleName(button->text());
        m_form->addToHeader(button);
    }
    auto* page = new QScrollArea;
    page->setObjectName(QStringLiteral("recipePage"));
    page->setWidget(m_form);
    page->setWidgetResizable(true);
    page->setFrameShape(QFrame::NoFrame);
    page->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    page->setFocusPolicy(Qt::NoFocus);  // its fields take it
    m_form->setContentsMargins(0, style::kSpaceRelated, style::kSpaceRelated, 0);
    page->setMinimumWidth(m_form->minimumSizeHint().width() +
                          page->verticalScrollBar()->sizeHint().width());
    return page;
}

QWidget* TrainingPanel::makeRunsPage() {
    m_table = new RunsTable(m_runs, this);
    m_exportRuns =
        barButton(this, "runsExport", tr("Export all runs…"),
                  tr("Writes every step and epoch of all runs as CSV, their names in front"));
    m_exportRuns->setIcon(style::icon(style::Icon::Export));
    auto* page = new QWidget;
    auto* lines = new QVBoxLayout(page);
    lines->setContentsMargins({});
    lines->setSpacing(style::kSpaceRelated);
    lines->addWidget(m_table, 1);
    lines->addWidget(m_exportRuns, 0, Qt::AlignRight);
    return page;
}

QWidget* TrainingPanel::makeMonitor() {
    m_showControls = barButton(this, "trainingControls", tr("Recipe and runs"),
                               tr("Shows or hides recipe and runs: the curves get their room"));
    m_showControls->setAccessibleName(m_showControls->text());
    m_showControls->setToolButtonStyle(Qt::ToolButtonIconOnly);
    m_showControls->setIcon(style::icon(style::Icon::Settings));
    m_showControls->setCheckable(true);
    m_showControls->setChecked(true);
    m_status = new ElidedLabel(this);
    m_status->setObjectName(QStringLiteral("trainingStatus"));
    m_best = new ElidedLabel(this);
    m_best->setObjectName(QStringLiteral("trainingBest"));
    m_figures = new ElidedLabel(this);
    m_figures->setObjectName(QStringLiteral("trainingFigures"));
    m_figures->setToolTip(
        tr("The most memory that this program has used so far; on an accelerator the most that "
           "tensors have used there, of all it has; the share of all processor cores that the "
           "program has kept busy in the last seconds; the share of the time in which an NVIDIA "
           "GPU was busy, for any program"));
    m_export = barButton(this, "metricsExport", tr("Export metrics…"),
                         tr("Export metrics: writes every step and epoch of this run as CSV"));
    m_export->setIcon(style::icon(style::Icon::Export));
    m_export->setToolButtonStyle(Qt::ToolButtonIconOnly);
    m_export->setAccessibleName(m_export->text());
    auto* second = new QHBoxLayout;
    second->setSpacing(style::kSpaceGroup);
    second->addWidget(m_best);
    second->addWidget(m_figures);
    second->addStretch();
    auto* texts = new QVBoxLayout;
    texts->setSpacing(0);
    texts->addWidget(m_status);
    texts->addLayout(second);
    auto* heading = new QHBoxLayout;
    heading->setSpacing(style::kSpacePanel);
    heading->addWidget(m_showControls);
    heading->addLayout(texts, 1);
    heading->addWidget(m_export);
    m_charts = new TrainingCharts(this);
    auto* monitor = new QWidget(this);
    auto* lines = new QVBoxLayout(monitor);
    lines->setContentsMargins({});
    lines->setSpacing(style::kSpaceRelated);
    lines->addLayout(heading);
    lines->addWidget(m_charts, 1);
    return monitor;
}

void TrainingPanel::connectAll() {
    connect(m_form, &RecipeForm::deviceChanged, this, &TrainingPanel::deviceChanged);
    connect(m_form, &RecipeForm::recipeChanged, this, &TrainingPanel::refreshForecast);
    connect(m_load, &QToolButton::clicked, this, &TrainingPanel::chooseRecipe);
    connect(m_save, &QToolButton::clicked, this, &TrainingPanel::saveRecipe);
    connect(m_export, &QToolButton::clicked, this, &TrainingPanel::exportMetrics);
    connect(m_exportRuns, &QToolButton::clicked, this, &TrainingPanel::exportRuns);
    connect(m_table, &RunsTable::tickedChanged, this, &TrainingPanel::showOverlays);
    connect(m_runs, &TrainingRuns::runsChanged, this, &TrainingPanel::showOverlays);
    connect(m_charts, &TrainingCharts::emptyActionTriggered, this, [this] {
        if (!m_workbench->document()->dataset()) return Q_EMIT attachDataRequested();
        m_start->click();
    });
    connect(m_workbench, &Workbench::trainingContinued, this, &TrainingPanel::setRecipe);
    connect(m_workbench, &Workbench::trainingStarted, this, &TrainingPanel::start);
    connect(m_workbench, &Workbench::trainingSampled, this, &TrainingPanel::add);
    connect(m_workbench, &Workbench::trainingPaused, this, &TrainingPanel::refreshStatus);
    connect(m_workbench, &Workbench::trainingFinished, this, &TrainingPanel::finish);
    connect(m_workbench, &Workbench::trainingEnded, this, &TrainingPanel::end);
    const Document* document = m_workbench->document();
    for (const auto changed : {&Document::datasetChanged, &Document::masksChanged})
        connect(document, changed, this, &TrainingPanel::suggest);
    connect(document, &Document::datasetChanged, this, &TrainingPanel::refreshEmptyState);
    connect(document, &Document::modelChanged, this, &TrainingPanel::forget);
    for (const auto changed : {&Document::modelChanged, &Document::historyChanged})
        connect(document, changed, this, &TrainingPanel::refreshRewind);
    for (const auto changed :
         {&Document::datasetChanged, &Document::planChanged, &Document::masksChanged,
          &Document::snapshotChanged, &Document::modelChanged})
        connect(document, changed, this, &TrainingPanel::refreshForecast);
}

void TrainingPanel::setActions(QAction* pruneAndTune, QAction* start, QAction* stop,
                               QAction* copyCommand) {
    m_prune->setDefaultAction(pruneAndTune);
    m_start->setDefaultAction(start);
    m_stop->setDefaultAction(stop);
    m_copyCommand->setDefaultAction(copyCommand);
}

train::Recipe TrainingPanel::recipe() const {
    return m_form->recipe();
}

train::Recipe TrainingPanel::recipeFor(double removed) const {
    const Document* document = m_workbench->document();
    const bool isChosen = m_form->isOwn() && (!isExample() || suitsExample(removed));
    if (isChosen || !document->hasModel() || !document->dataset()) return recipe();
    train::Recipe suited =
        train::suggestedRecipe(*document->snapshot(), data::info(*document->dataset()), removed);
    suited.device = recipe().device;
    return suited;
}

// Not what a person has made of it since.
bool TrainingPanel::isExample() const {
    if (!m_example) return false;
    train::Recipe example = m_example->first;
    example.device = recipe().device;
    return recipe() == example;
}

bool TrainingPanel::suitsExample(double removed) const {
    constexpr double kSame = 0.01;  // rounding, and plans that were given layer by layer
    return m_example && std::abs(removed - m_example->second) < kSame;
}

void TrainingPanel::setRecipe(const train::Recipe& recipe) {
    m_form->setRecipe(recipe);
}

void TrainingPanel::setDevices(const QStringList& names) {
    m_form->setDevices(names);
}

void TrainingPanel::setDevice(const QString& name) {
    m_form->setDevice(name);
}

// Curves of another model would be taken for this one's, and its recipe for a choice.
void TrainingPanel::forget() {
    m_overlaid.clear();
    m_charts->clear();
    setStatus({}, {});
    m_example.reset();
    m_form->reset();
    suggest();
    refreshEmptyState();
    refreshRunning();
}

void TrainingPanel::suggest() {
    const Document* document = m_workbench->document();
    if (!document->hasModel() || !document->dataset() || m_workbench->isTraining()) return;
    m_form->setSuggested(train::suggestedRecipe(
        *document->snapshot(), data::info(*document->dataset()), plannedRemoval(*document)));
}

// That of the run, whose plan may be newer than what was suggested for.
void TrainingPanel::showSuggestion(const train::Recipe& recipe) {
    train::Recipe shown = this->recipe();
    shown.metrics = recipe.metrics;  // the workbench has filled in what they leave open
    if (recipe == shown) return;
    m_form->setSuggested(recipe);
    m_form->reset();
}

void TrainingPanel::start(const train::Recipe& recipe) {
    const bool isSuggestion = !m_form->isOwn() || isExample();
    if (isSuggestion && recipe.epochs > 0) showSuggestion(recipe);
    const Document& document = *m_workbench->document();
    const data::DatasetPtr& dataset = document.dataset();
    const data::DatasetInfo info = dataset ? data::info(*dataset) : data::DatasetInfo();
    const auto metric = measure::metricFor(recipe.metrics, info);
    m_progress = TrainingProgress(recipe, info.train, metric ? *metric : measure::Metric());
    m_charts->begin(metric ? *metric : measure::Metric(),
                    static_cast<double>(stepsPerEpoch(document, recipe).value_or(0)));
    setStatus(tr("Measuring before the first step…"), {});
    refreshForecast();
    refreshRunning();
}

void TrainingPanel::add(const train::TrainSample& sample) {
    m_progress.add(sample);
    m_charts->add(sample);
    refreshStatus();
}

void TrainingPanel::refreshStatus() {
    setStatus(m_progress.statusText(m_workbench->isTrainingPaused()), m_progress.bestText(),
              m_progress.memoryText());
}

void TrainingPanel::finish(const train::TrainResult& result) {
    setStatus(summaryOf(result), {});
    m_charts->markBest(result.bestEpoch);
}

void TrainingPanel::end() {
    refreshRunning();
    const TrainingRun* run = m_runs->current();
    if (!run || run->state != TrainingRun::State::Failed || run->samples.empty()) return;
    setStatus(tr("Ended in epoch %1 without a result: the model is as it was before.")
                  .arg(std::max(1, run->samples.back().epoch)),
              {});
}

void TrainingPanel::setStatus(const QString& status, const QString& best, const QString& memory) {
    m_figures->setText(memory);
    m_figures->setVisible(!memory.isEmpty());
    for (const auto& [label, text] : {std::pair(m_status, status), std::pair(m_best, best)}) {
        label->setText(text);
        label->setToolTip(text);  // where there is no room for all of it
        label->setVisible(label == m_status || !text.isEmpty());
    }
}

// A name that several states have stands for the newest of them.
void TrainingPanel::refreshRewind() {
    QStringList names;
    for (const auto& node : m_workbench->document()->history().nodes()) {
        const QString name = QString::fromStdString(node->name);
        if (!name.isEmpty() && !names.contains(name)) names << name;
    }
    m_form->setStates(names);
}

void TrainingPanel::refreshForecast() {
    const TrainingForecast forecast = forecastOf(*m_workbench->document(), m_form->recipe());
    m_charts->setPlan(forecast.curves, forecast.axis);
}

void TrainingPanel::refreshEmptyState() {
    const bool hasData = m_workbench->document()->dataset() != nullptr;
    const QString waiting = m_workbench->isTraining()
                                ? tr("Loss and accuracy appear here with the first step.")
                                : tr("Loss and accuracy appear here while a training runs.");
    const QString fill = m_workbench->isTraining() ? QString() : tr("Fine-tune");
    m_charts->setEmptyState(hasData ? waiting : tr("Fine-tuning needs data."),
                            hasData ? fill : tr("Attach data…"));
}

void TrainingPanel::refreshRunning() {
    const bool isRunning = m_workbench->isTraining();
    m_form->setEnabled(!isRunning);
    m_prune->setVisible(!isRunning);
    m_start->setVisible(!isRunning);
    m_stop->setVisible(isRunning);
    const TrainingRun* run = m_runs->current();
    const bool hasSteps = run && !run->samples.empty();
    m_export->setVisible(run && (isRunning || hasSteps));
    m_exportRuns->setEnabled(!m_runs->runs().empty());
    refreshEmptyState();
    if (!isRunning && !hasSteps) setStatus({}, {});  // stopped before the first of them
    if (!isRunning) suggest();
}

}  // namespace espalier::ui
