// SPDX-License-Identifier: GPL-3.0-or-later
// Fine-tuning: the recipe, start and stop, live curves, and the sentence at the end.
#pragma once

#include <vector>

#include <QWidget>

#include "core/train/fine_tune.h"
#include "ui/panels/training_progress.h"

class QLabel;
class QToolButton;

namespace espalier::plots {
class CurvesView;
}

namespace espalier::ui {

class RecipeForm;
class Workbench;

class TrainingPanel : public QWidget {
    Q_OBJECT
public:
    explicit TrainingPanel(Workbench* workbench, QWidget* parent = nullptr);

    train::Recipe recipe() const;
    void setRecipe(const train::Recipe& recipe);
    void setDevices(const QStringList& names);
    void setDevice(const QString& name);
    void setActions(QAction* start, QAction* stop);  ///< for the two buttons
    /// Reads a recipe file; what is wrong with it goes to failed().
    void loadRecipe(const QString& path);

Q_SIGNALS:
    void deviceChanged(const QString& name);
    void attachDataRequested();
    void failed(const espalier::Error& error);
    void saved(const QString& message, const QString& path);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QLayout* makeForm();
    QLayout* makeMonitor();
    QToolButton* makeButton(const QString& name, const QString& text, const QString& tip);
    plots::CurvesView* makeView(const QString& name, const QString& title);
    void addSeries();
    void forget();
    void start(const train::Recipe& recipe);
    void add(const train::TrainSample& sample);
    void finish(const train::TrainResult& result);
    void chooseRecipe();
    void saveRecipe();
    void exportMetrics();
    void refreshEmptyStates();
    void refreshViews();
    void refreshRunning();

    Workbench* m_workbench;
    TrainingProgress m_progress;
    std::vector<train::TrainSample> m_samples;
    RecipeForm* m_form;
    QToolButton* m_start;
    QToolButton* m_stop;
    QToolButton* m_load;
    QToolButton* m_save;
    QToolButton* m_export;
    QLabel* m_status;
    QLabel* m_best;
    QLabel* m_figures;
    plots::CurvesView* m_lossView;
    plots::CurvesView* m_accuracyView;
    plots::CurvesView* m_rateView;
    // Numbers of the series in their views.
    int m_loss = -1;
    int m_valLoss = -1;
    int m_top1 = -1;
    int m_rate = -1;
    int m_sparsity = -1;
};

}  // namespace espalier::ui
