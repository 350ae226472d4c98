// SPDX-License-Identifier: GPL-3.0-or-later
// Accuracy against what it costs: one point for each state that was measured, and the front of
// those that none beats.
#pragma once

#include <vector>

#include <QWidget>

#include "ui/document/pareto.h"

class QCheckBox;
class QComboBox;
class QToolButton;

namespace espalier::plots {
class ParetoView;
}

namespace espalier::ui {

class Document;
class ElidedLabel;
class Workbench;

/// A click on a point, or Enter, returns to its state as one undo step.
class ParetoPanel : public QWidget {
    Q_OBJECT
public:
    explicit ParetoPanel(Workbench* workbench, QWidget* parent = nullptr);

    void setCost(Cost cost);
    const std::vector<ParetoEntry>& entries() const { return m_entries; }

Q_SIGNALS:
    void attachDataRequested();

protected:
    void showEvent(QShowEvent* event) override;

private:
    QWidget* buildOptions();
    void addCost(Cost cost, const QString& name, const QString& tip);
    Cost cost() const;
    void reload();
    void reloadNow();
    void showEntries();
    void showState();
    void choose(int mark);

    Workbench* m_workbench;
    Document* m_document;
    ElidedLabel* m_status;
    QComboBox* m_cost;
    QCheckBox* m_log;
    QToolButton* m_remember;
    QToolButton* m_baseline;
    QToolButton* m_latency;
    plots::ParetoView* m_view;
    std::vector<ParetoEntry> m_entries;
    bool m_isStale = true;
};

}  // namespace espalier::ui
