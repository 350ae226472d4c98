// SPDX-License-Identifier: GPL-3.0-or-later
// The trainings of this model, a row each; ticked ones are drawn under the live curves.
#pragma once

#include <set>

#include <QTreeWidget>

namespace espalier::ui {

class TrainingRuns;

enum RunsColumn { RunName, RunEpochs, RunBest, RunTime, RunsColumnCount };

class RunsTable : public QTreeWidget {
    Q_OBJECT
public:
    explicit RunsTable(const TrainingRuns* runs, QWidget* parent = nullptr);

    /// Keys of the runs that are ticked.
    const std::set<QString>& ticked() const { return m_ticked; }

Q_SIGNALS:
    void tickedChanged();

private:
    void fill();
    void refreshFigures();
    void takeTick(QTreeWidgetItem* item);

    const TrainingRuns* m_runs;
    std::set<QString> m_ticked;
};

}  // namespace espalier::ui
