// SPDX-License-Identifier: GPL-3.0-or-later
// Fine-tuning: the recipe, start and stop, live curves over those of earlier runs, and the sentence
// at the end.
#pragma once

#include <optional>
#include <utility>

#include <QStringList>
#include <QWidget>

#include "core/train/fine_tune.h"
#include "ui/panels/training_progress.h"

class QAction;
class QTabWidget;
class QToolButton;

namespace espalier::ui {

class ElidedLabel;
class RecipeForm;
class RunsTable;
class TrainingCharts;
class TrainingRuns;
class Workbench;

class TrainingPanel : public QWidget {
    Q_OBJECT
public:
    explicit TrainingPanel(Workbench* workbench, QWidget* parent = nullptr);

    train::Recipe recipe() const;
    /// The recipe for a plan that removes the share `removed`, 0..1, of the prunable weights: the
    /// same when it is a person's own, or made for that share.
    train::Recipe recipeFor(double removed) const;
    void setRecipe(const train::Recipe& recipe);
    void setDevices(const QStringList& names);
    void setDevice(const QString& name);
    /// For the buttons; those that do not go with what happens now are hidden.
    void setActions(QAction* pruneAndTune, QAction* start, QAction* stop, QAction* copyCommand);
    /// Reads a recipe file; what is wrong with it goes to failed(). `madeFor`: the share removed,
    /// 0..1, that it suits, when it came with an example; none: a person has chosen it.
    void loadRecipe(const QString& path, std::optional<double> madeFor = {});

Q_SIGNALS:
    void deviceChanged(const QString& name);
    void attachDataRequested();
    void failed(const espalier::Error& error);
    void saved(const QString& message, const QString& path);

private:
    QWidget* makeControls();
    QWidget* makeRecipePage();
    QWidget* makeRunsPage();
    QWidget* makeMonitor();
    void connectAll();
    void forget();
    void start(const train::Recipe& recipe);
    void add(const train::TrainSample& sample);
    void finish(const train::TrainResult& result);
    void end();
    void suggest();
    void showSuggestion(const train::Recipe& recipe);
    bool isExample() const;
    bool suitsExample(double removed) const;
    void refreshRewind();
    void chooseRecipe();
    void saveRecipe();
    void exportMetrics();
    void exportRuns();
    void setStatus(const QString& status, const QString& best, const QString& memory = {});
    void showOverlays();
    void refreshForecast();
    void refreshEmptyState();
    void refreshRunning();
    void refreshStatus();

    Workbench* m_workbench;
    TrainingRuns* m_runs;
    TrainingProgress m_progress;
    /// As it came with an example, and the share that it was made for.
    std::optional<std::pair<train::Recipe, double>> m_example;
    QStringList m_overlaid;  // keys and names of the runs drawn under the live one
    RecipeForm* m_form;
    RunsTable* m_table;
    TrainingCharts* m_charts;
    QTabWidget* m_tabs;
    QToolButton* m_prune;
    QToolButton* m_start;
    QToolButton* m_stop;
    QToolButton* m_load;
    QToolButton* m_save;
    QToolButton* m_copyCommand;
    QToolButton* m_showControls;
    QToolButton* m_export;
    QToolButton* m_exportRuns;
    ElidedLabel* m_status;
    ElidedLabel* m_best;
    ElidedLabel* m_figures;
};

}  // namespace espalier::ui
