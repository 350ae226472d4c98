// SPDX-License-Identifier: GPL-3.0-or-later
// Two states of the model side by side: histograms, layers, classes, latency.
#pragma once

#include <array>

#include <QWidget>

#include "core/base/result.h"
#include "ui/document/comparison.h"

class QCheckBox;
class QComboBox;
class QStackedWidget;
class QToolButton;

namespace espalier::plots {
class DifferenceView;
class OverlayView;
class PlotView;
}  // namespace espalier::plots

namespace espalier::ui {

class ComparisonTable;
class Document;
class ElidedLabel;
class Workbench;

class ComparePanel : public QWidget {
    Q_OBJECT
public:
    explicit ComparePanel(Workbench* workbench, QWidget* parent = nullptr);

Q_SIGNALS:
    void attachDataRequested();
    void saved(const QString& message, const QString& path);
    void failed(const espalier::Error& error);

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    QWidget* buildSides();
    QWidget* buildOptions();
    QComboBox* makeSide(Comparison::Which which, const QString& name, const QString& title);
    void connectComparison();
    void connectViews();
    void fillSides();
    void takeSide(Comparison::Which which);
    void showLayers();
    void showHistograms();
    void showClasses();
    void showMeasurements();
    void showSelection();
    void act();

    Document* m_document;
    Comparison* m_comparison;
    std::array<QComboBox*, 2> m_sides{};
    ElidedLabel* m_status;
    QComboBox* m_picture;
    QCheckBox* m_log;
    QToolButton* m_accuracy;
    QToolButton* m_latency;
    QStackedWidget* m_pictures;
    plots::OverlayView* m_overlay;
    QString m_overlaidLayer;
    plots::DifferenceView* m_classes;
    ComparisonTable* m_table;
};

}  // namespace espalier::ui
