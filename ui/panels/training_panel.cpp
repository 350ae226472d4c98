// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/training_panel.h"

#include <cmath>

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>

#include "core/exchange/metrics_file.h"
#include "core/exchange/recipe_file.h"
#include "ui/dialogs/dialogs.h"
#include "ui/document/workbench.h"
#include "ui/panels/recipe_form.h"
#include "ui/plots/curves_view.h"
#include "ui/style/icons.h"
#include "ui/style/theme.h"

namespace espalier::ui {
namespace {

using plots::CurvesView;
using plots::SeriesStyle;

constexpr double kPercent = 100;
constexpr int kLossSmoothing = 20;  // batches
constexpr int kRoomForRates =
    1150;  // pixels: with less, two plots of a useful size are worth more than three
// Okabe–Ito indices
constexpr int kTrainColor = 0;
constexpr int kValidationColor = 1;
constexpr int kRateColor = 2;
constexpr int kSparsityColor = 4;

QString recipeFilter() {
    return TrainingPanel::tr("Recipes (*.espalier-recipe.json *.json);;All files (*)");
}

QString withSuffix(QString path, const QString& suffix) {
    return path.endsWith(suffix) ? path : path + suffix;
}

}  // namespace

TrainingPanel::TrainingPanel(Workbench* workbench, QWidget* parent)
    : QWidget(parent), m_workbench(workbench) {
    setObjectName(QStringLiteral("trainingPanel"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(style::kSpacePanel, style::kSpaceRelated, style::kSpacePanel,
                               style::kSpaceRelated);
    layout->setSpacing(style::kSpaceGroup);
    layout->addLayout(makeForm());
    layout->addLayout(makeMonitor(), 1);
    addSeries();

    connect(m_form, &RecipeForm::deviceChanged, this, &TrainingPanel::deviceChanged);
    connect(workbench, &Workbench::trainingStarted, this, &TrainingPanel::start);
    connect(workbench, &Workbench::trainingSampled, this, &TrainingPanel::add);
    connect(workbench, &Workbench::trainingFinished, this, &TrainingPanel::finish);
    connect(workbench, &Workbench::trainingEnded, this, &TrainingPanel::refreshRunning);
    connect(workbench->document(), &Document::datasetChanged, this,
            &TrainingPanel::refreshEmptyStates);
    connect(workbench->document(), &Document::modelChanged, this, &TrainingPanel::forget);
    refreshEmptyStates();
    refreshRunning();
}

QLayout* TrainingPanel::makeForm() {
    m_form = new RecipeForm(this);
    m_start = makeButton(QStringLiteral("trainingStart"), tr("Start"), {});
    m_stop = makeButton(QStringLiteral("trainingStop"), tr("Stop"), {});
    m_load = makeButton(QStringLiteral("recipeLoad"), tr("Load recipe…"),
                        tr("Reads the fields from a recipe file"));
    m_load->setIcon(style::icon(style::Icon::Open));
    m_save =
        makeButton(QStringLiteral("recipeSave"), tr("Save recipe…"),
                   tr("Writes the fields to a recipe file, which the command line takes as well"));
    m_save->setIcon(style::icon(style::Icon::Save));
    connect(m_load, &QToolButton::clicked, this, &TrainingPanel::chooseRecipe);
    connect(m_save, &QToolButton::clicked, this, &TrainingPanel::saveRecipe);

    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(style::kSpaceRelated);
    for (QToolButton* button : {m_start, m_stop}) buttons->addWidget(button);
    buttons->addStretch();
    for (QToolButton* button : {m_load, m_save}) buttons->addWidget(button);
    auto* lines = new QVBoxLayout;
    lines->setSpacing(style::kSpacePanel);
    lines->addLayout(buttons);
    lines->addWidget(m_form);
    lines->addStretch();
    return lines;
}

QLayout* TrainingPanel::makeMonitor() {
    m_status = new QLabel(this);
    m_status->setObjectName(QStringLiteral("trainingStatus"));
    m_best = new QLabel(this);
    m_best->setObjectName(QStringLiteral("trainingBest"));
    m_figures = new QLabel(this);
    m_figures->setObjectName(QStringLiteral("trainingFigures"));
    m_figures->setToolTip(
        tr("The most memory that this program has used so far; on an accelerator "
           "the most that tensors have used there"));
    m_export = makeButton(QStringLiteral("metricsExport"), tr("Export metrics…"),
                          tr("Writes every step and epoch of this run as CSV"));
    m_export->setIcon(style::icon(style::Icon::Export));
    connect(m_export, &QToolButton::clicked, this, &TrainingPanel::exportMetrics);
    auto* line = new QHBoxLayout;
    line->setSpacing(style::kSpaceGroup);
    line->addWidget(m_status);
    line->addWidget(m_best);
    line->addWidget(m_figures);
    line->addStretch();
    line->addWidget(m_export);

    m_lossView = makeView(QStringLiteral("lossCurves"), tr("Loss"));
    m_lossView->setAxisTitles(tr("epoch"), tr("loss"));
    m_accuracyView = makeView(QStringLiteral("accuracyCurves"), tr("Validation accuracy"));
    m_accuracyView->setAxisTitles(tr("epoch"), tr("accuracy, %"));
    m_rateView = makeView(QStringLiteral("rateCurves"), tr("Learning rate and sparsity"));
    m_rateView->setAxisTitles(tr("epoch"), tr("sparsity, %"), tr("learning rate"));
    m_rateView->setLeftRange(plots::Range{0, kPercent});
    auto* views = new QHBoxLayout;
    views->setSpacing(style::kSpacePanel);
    for (CurvesView* view : {m_lossView, m_accuracyView, m_rateView}) {
        view->setLeastBottomRange({-0.02, 1.02});  // the first epoch, before it has begun
        views->addWidget(view, 1);
    }
    auto* lines = new QVBoxLayout;
    lines->setSpacing(style::kSpaceRelated);
    lines->addLayout(line);
    lines->addLayout(views, 1);
    return lines;
}

QToolButton* TrainingPanel::makeButton(const QString& name, const QString& text,
                                       const QString& tip) {
    auto* button = new QToolButton(this);
    button->setObjectName(name);
    button->setText(text);
    button->setToolTip(tip);
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

CurvesView* TrainingPanel::makeView(const QString& name, const QString& title) {
    auto* view = new CurvesView(this);
    view->setObjectName(name);
    view->setAccessibleText(title, tr("Empty until a training runs"));
    view->setExportName(name);
    connect(view, &plots::PlotView::emptyActionTriggered, this,
            &TrainingPanel::attachDataRequested);
    return view;
}

void TrainingPanel::setActions(QAction* start, QAction* stop) {
    m_start->setDefaultAction(start);
    m_stop->setDefaultAction(stop);
}

train::Recipe TrainingPanel::recipe() const {
    return m_form->recipe();
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

void TrainingPanel::addSeries() {
    for (CurvesView* view : {m_lossView, m_accuracyView, m_rateView}) view->clear();
    SeriesStyle training;
    training.name = tr("training");
    training.color = kTrainColor;
    training.smoothing = kLossSmoothing;
    m_loss = m_lossView->addSeries(training);
    SeriesStyle validation;
    validation.name = tr("validation");
    validation.color = kValidationColor;
    validation.marker = SeriesStyle::Marker::Disc;
    m_valLoss = m_lossView->addSeries(validation);
    m_top1 = m_accuracyView->addSeries(validation);
    SeriesStyle rate;
    rate.name = tr("learning rate");
    rate.color = kRateColor;
    rate.axis = SeriesStyle::Axis::Right;
    m_rate = m_rateView->addSeries(rate);
    SeriesStyle sparsity;
    sparsity.name = tr("sparsity");
    sparsity.color = kSparsityColor;
    sparsity.line = SeriesStyle::Line::Dashed;
    m_sparsity = m_rateView->addSeries(sparsity);
}

// Curves of another model would be taken for this one's.
void TrainingPanel::forget() {
    m_samples.clear();
    addSeries();
    m_status->clear();
    m_best->clear();
    m_figures->clear();
    refreshEmptyStates();
    refreshRunning();
}

void TrainingPanel::start(const train::Recipe& recipe) {
    const data::DatasetPtr& dataset = m_workbench->document()->dataset();
    const data::DatasetInfo info = dataset ? data::info(*dataset) : data::DatasetInfo();
    const auto metric = measure::metricFor(recipe.metrics, info);
    m_progress = TrainingProgress(recipe, info.train, metric ? *metric : measure::Metric());
    m_samples.clear();
    addSeries();
    m_status->setText(tr("Measuring before the first step…"));
    m_best->clear();
    refreshRunning();
}

void TrainingPanel::add(const train::TrainSample& sample) {
    m_samples.push_back(sample);
    m_progress.add(sample);
    const double x = m_progress.position();
    const bool isEpochEnd = !std::isnan(sample.valLoss);
    // At an epoch's end the loss is the epoch's mean, which is no point of the curve of steps.
    if (!isEpochEnd && !std::isnan(sample.loss)) m_lossView->append(m_loss, x, sample.loss);
    if (!std::isnan(sample.valLoss)) m_lossView->append(m_valLoss, x, sample.valLoss);
    if (!std::isnan(sample.top1)) m_accuracyView->append(m_top1, x, sample.top1 * kPercent);
    if (sample.step > 0) m_rateView->append(m_rate, x, sample.lr);
    m_rateView->append(m_sparsity, x, sample.sparsity * kPercent);
    m_status->setText(m_progress.statusText());
    m_best->setText(m_progress.bestText());
    m_figures->setText(m_progress.memoryText());
    refreshEmptyStates();
}

void TrainingPanel::finish(const train::TrainResult& result) {
    m_status->setText(summaryOf(result));
    m_best->clear();
    if (result.bestEpoch > 0) {
        const std::vector<plots::RoundMark> mark{
            {static_cast<double>(result.bestEpoch), tr("best")}};
        m_accuracyView->setRoundMarks(mark);
        m_lossView->setRoundMarks(mark);
    }
}

void TrainingPanel::loadRecipe(const QString& path) {
    const auto recipe = exchange::readRecipe(path.toStdString());
    if (!recipe) {
        Q_EMIT failed(recipe.error());
        return;
    }
    m_form->setRecipe(*recipe);
    Q_EMIT deviceChanged(QString::fromStdString(recipe->device));
}

void TrainingPanel::chooseRecipe() {
    const QString path = dialogs::openFile(this, {tr("Load recipe"), {}, recipeFilter()});
    if (!path.isEmpty()) loadRecipe(path);
}

void TrainingPanel::saveRecipe() {
    const QString suffix = QStringLiteral(".espalier-recipe.json");
    QString path = dialogs::saveFile(
        this, {tr("Save recipe"), QStringLiteral("fine-tune") + suffix, recipeFilter()});
    if (path.isEmpty()) return;
    path = withSuffix(path, QStringLiteral(".json"));
    if (const auto written = exchange::writeRecipe(recipe(), path.toStdString()); !written) {
        Q_EMIT failed(written.error());
        return;
    }
    Q_EMIT saved(tr("Saved the recipe."), path);
}

void TrainingPanel::exportMetrics() {
    QString path = dialogs::saveFile(this, {tr("Export metrics"), QStringLiteral("training.csv"),
                                            tr("Comma-separated values (*.csv)")});
    if (path.isEmpty()) return;
    path = withSuffix(path, QStringLiteral(".csv"));
    if (const auto written = exchange::writeMetrics(m_samples, path.toStdString()); !written) {
        Q_EMIT failed(written.error());
        return;
    }
    Q_EMIT saved(tr("Exported %1 rows of metrics.").arg(m_samples.size()), path);
}

void TrainingPanel::refreshEmptyStates() {
    const bool isEmpty = m_samples.empty();
    const bool hasData = m_workbench->document()->dataset() != nullptr;
    const QString text =
        hasData ? tr("Loss, accuracy and learning rate appear here while a training runs.")
                : tr("Fine-tuning needs data.");
    m_lossView->setEmptyState(isEmpty ? text : QString(),
                              isEmpty && !hasData ? tr("Attach data…") : QString());
    refreshViews();
}

void TrainingPanel::refreshViews() {
    m_accuracyView->setVisible(!m_samples.empty());
    m_rateView->setVisible(!m_samples.empty() && width() >= kRoomForRates);
}

void TrainingPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    refreshViews();
}

void TrainingPanel::refreshRunning() {
    const bool isRunning = m_workbench->isTraining();
    m_form->setEnabled(!isRunning);
    m_load->setEnabled(!isRunning);
    m_export->setVisible(!m_samples.empty());
    if (!isRunning && m_samples.empty()) m_status->clear();
}

}  // namespace espalier::ui
