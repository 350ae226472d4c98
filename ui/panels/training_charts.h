// SPDX-License-Identifier: GPL-3.0-or-later
// The three pictures of a training: losses, validation metric, learning rate and sparsity. Earlier
// runs lie under the live one; what is planned is dashed.
#pragma once

#include <array>
#include <vector>

#include <QWidget>

#include "ui/panels/training_curves.h"

namespace espalier::plots {
class CurvesView;
}

namespace espalier::ui {

/// An earlier run, to be compared with.
struct OverlaidRun {
    QString name;
    int color = 0;  ///< Okabe–Ito index
    bool isDashed = false;
    measure::Metric metric{};
    TrainingCurves curves{};
};

class TrainingCharts : public QWidget {
    Q_OBJECT
public:
    explicit TrainingCharts(QWidget* parent = nullptr);

    /// A run begins that is judged by `metric`; the last one's curves go.
    void begin(const measure::Metric& metric, double stepsPerEpoch);
    void add(const train::TrainSample& sample);
    void markBest(int epoch);
    void clear();  ///< the live run and those under it
    /// Its metric is drawn only where it is the live run's; its losses where they are the same.
    void setOverlays(std::vector<OverlaidRun> runs);
    /// `axis`: what the x axis counts, such as "epoch (352 steps)".
    void setPlan(TrainingCurves plan, const QString& axis);
    /// What the loss chart says before anything is drawn on it.
    void setEmptyState(const QString& text, const QString& actionText);

Q_SIGNALS:
    void emptyActionTriggered();

private:
    plots::CurvesView* makeView(const QString& name, const QString& title);
    void redraw();
    void redrawLosses();
    void redrawRates();
    void showMarks();
    void refreshVisible();

    plots::CurvesView* m_lossView;
    plots::CurvesView* m_metricView;
    plots::CurvesView* m_rateView;
    measure::Metric m_metric;
    double m_stepsPerEpoch = 0;
    int m_bestEpoch = 0;  // 0: none to mark
    TrainingCurves m_live;
    TrainingCurves m_plan;
    std::vector<OverlaidRun> m_overlays;
    QString m_emptyText;
    QString m_emptyAction;
    // Numbers of the live series in their views.
    int m_loss = -1;
    int m_valLoss = -1;
    int m_score = -1;
    int m_rate = -1;
    int m_sparsity = -1;
};

}  // namespace espalier::ui
