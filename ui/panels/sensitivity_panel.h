// SPDX-License-Identifier: GPL-3.0-or-later
// Which layers can go, and how much: what pruning each alone costs, as curves and as a heatmap.
#pragma once

#include <vector>

#include <QWidget>

#include "core/base/result.h"
#include "core/measure/metric.h"
#include "ui/plots/plot_math.h"

class QDoubleSpinBox;
class QLabel;
class QStackedWidget;
class QToolButton;

namespace espalier::plots {
class HeatmapView;
class LimitCurvesView;
}  // namespace espalier::plots

namespace espalier::ui {

class Document;
class ElidedLabel;
class RandomBaseline;
class SensitivityBar;
class SensitivityScan;
class Workbench;

/// A click on a point sets that sparsity. What may be lost sets the largest sparsity of every
/// layer, as one undo step: when its line is let go, when its number is entered or left, and by
/// Apply.
class SensitivityPanel : public QWidget {
    Q_OBJECT
public:
    explicit SensitivityPanel(Workbench* workbench, QWidget* parent = nullptr);

    /// What a scan looks at; 0: the whole validation split.
    void setSamples(int samples);

Q_SIGNALS:
    void attachDataRequested();
    void samplesChanged(int samples);
    void failed(const espalier::Error& error);
    void saved(const QString& message, const QString& path);

protected:
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* buildBottom();
    void connectScan();
    void connectViews();
    void start();
    void exportCsv();
    void reload();
    void reloadNow();
    void reloadCurves();
    void rebuildSeries();
    void showRandom();
    void requestPreview();
    void showSelection();
    void showLimit();
    void showSamplingNote();
    void fitAxis();
    void showStatus(const QString& status);
    void showProgress();
    void showEmptyState();
    double drop() const;  ///< 0..1
    void applyLimit();
    void moveLimit(double shown);
    void showMetric();
    static QString dropName(const measure::Metric& metric);
    static QString limitText(const measure::Metric& metric, const QString& amount);

    Workbench* m_workbench;
    Document* m_document;
    SensitivityScan* m_scan;
    RandomBaseline* m_random;
    SensitivityBar* m_bar;
    ElidedLabel* m_status;
    ElidedLabel* m_samplingNote;
    QLabel* m_dropLabel;
    QDoubleSpinBox* m_drop;
    double m_applied = 1;  // as m_drop shows it
    QToolButton* m_apply;
    QToolButton* m_export;
    QStackedWidget* m_views;
    plots::LimitCurvesView* m_curves;
    plots::HeatmapView* m_heatmap;
    std::vector<int> m_series;  // per curve of the scan
    int m_previewSeries = -1;
    int m_randomSeries = -1;
    plots::Points m_preview;  // of the selected layer: share of |w| removed
    bool m_isStale = true;    // reloaded when it is next seen
};

}  // namespace espalier::ui
