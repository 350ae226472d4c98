// SPDX-License-Identifier: GPL-3.0-or-later
// Which layers can go, and how much: what pruning each alone costs, as curves and as a heatmap.
#pragma once

#include <vector>

#include <QWidget>

#include "core/base/result.h"
#include "ui/plots/plot_math.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QSpinBox;
class QStackedWidget;
class QToolButton;

namespace espalier::plots {
class HeatmapView;
class LimitCurvesView;
}  // namespace espalier::plots

namespace espalier::ui {

class Document;
class ElidedLabel;
class SensitivityScan;
class Workbench;

/// A click on a point sets that sparsity; letting go of the line of what may be lost, or Apply,
/// sets the largest sparsity of every layer, as one undo step.
class SensitivityPanel : public QWidget {
    Q_OBJECT
public:
    explicit SensitivityPanel(Workbench* workbench, QWidget* parent = nullptr);

Q_SIGNALS:
    void attachDataRequested();
    void failed(const espalier::Error& error);
    void saved(const QString& message, const QString& path);

protected:
    void showEvent(QShowEvent* event) override;

private:
    QWidget* buildTop();
    QWidget* buildBottom();
    void fillCriteria();
    void connectScan();
    void connectViews();
    void start();
    void exportCsv();
    void reload();
    void reloadNow();
    void reloadCurves();
    void rebuildSeries();
    void showPreview();
    void requestPreview();
    void showSelection();
    void showLimit();
    void fitAxis();
    void showProgress();
    void showEmptyState();
    double drop() const;  ///< 0..1
    void moveLimit(double shown);
    void showMetric();

    Workbench* m_workbench;
    Document* m_document;
    SensitivityScan* m_scan;
    ElidedLabel* m_status;
    QComboBox* m_structure;
    QComboBox* m_criterion;
    QSpinBox* m_samples;
    QCheckBox* m_all;
    QComboBox* m_picture;
    QDoubleSpinBox* m_drop;
    QToolButton* m_start;
    QToolButton* m_apply;
    QToolButton* m_export;
    QStackedWidget* m_views;
    plots::LimitCurvesView* m_curves;
    plots::HeatmapView* m_heatmap;
    std::vector<int> m_series;  // per curve of the scan
    int m_previewSeries = -1;
    plots::Points m_preview;  // of the selected layer: share of |w| removed
    bool m_isStale = true;    // reloaded when it is next seen
};

}  // namespace espalier::ui
