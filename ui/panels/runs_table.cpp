// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/runs_table.h"

#include <QHeaderView>
#include <QSignalBlocker>

#include "core/base/format.h"
#include "ui/panels/recipe_fields.h"
#include "ui/panels/training_runs.h"
#include "ui/style/number_text.h"

namespace espalier::ui {
namespace {

constexpr int kKey = Qt::UserRole;

QString shown(const std::string& text) {
    return QString::fromStdString(text);
}

QString stateText(const TrainingRun& run) {
    switch (run.state) {
        case TrainingRun::State::Running:
            return RunsTable::tr("Under way");
        case TrainingRun::State::Finished:
            return RunsTable::tr("Finished");
        case TrainingRun::State::Stopped:
            return RunsTable::tr("Stopped");
        case TrainingRun::State::Failed:
            return RunsTable::tr("Failed or cancelled");
    }
    return {};
}

void fillRow(QTreeWidgetItem& item, const TrainingRun& run) {
    item.setText(RunName, run.title());
    item.setText(RunEpochs, QString::number(run.epochs()));
    const auto best = run.best();
    item.setText(RunBest, best ? style::numberText(run.metric.text(best->score)) : QString());
    item.setText(RunTime, shown(duration(run.seconds())));
    QString tip = QStringLiteral("%1: %2").arg(run.title(), stateText(run));
    if (best) {
        tip += QLatin1Char('\n') + RunsTable::tr("Best %1: %2 in epoch %3, on validation")
                                       .arg(shown(run.metric.title()), item.text(RunBest))
                                       .arg(best->epoch);
    }
    tip += QLatin1Char('\n') + (run.recipe ? recipeSummary(*run.recipe)
                                           : RunsTable::tr("Its recipe is not remembered"));
    for (int column = 0; column < RunsColumnCount; ++column) {
        item.setToolTip(column, tip);
        if (column != RunName) item.setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
    }
}

}  // namespace

RunsTable::RunsTable(const TrainingRuns* runs, QWidget* parent)
    : QTreeWidget(parent), m_runs(runs) {
    setObjectName(QStringLiteral("trainingRuns"));
    setAccessibleName(tr("Runs"));
    setColumnCount(RunsColumnCount);
    setHeaderLabels({tr("Run"), tr("Epochs"), tr("Best"), tr("Time")});
    headerItem()->setToolTip(RunName, tr("Ticked runs are drawn under the live one"));
    headerItem()->setToolTip(RunEpochs, tr("Epochs finished"));
    headerItem()->setToolTip(RunBest, tr("Best value of the run's metric on validation"));
    headerItem()->setToolTip(RunTime, tr("Training and validation together"));
    setRootIsDecorated(false);
    setUniformRowHeights(true);
    header()->setStretchLastSection(false);
    header()->setSectionResizeMode(RunName, QHeaderView::Stretch);
    for (const int column : {RunEpochs, RunBest, RunTime})
        header()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
    connect(this, &QTreeWidget::itemChanged, this, &RunsTable::takeTick);
    connect(m_runs, &TrainingRuns::runsChanged, this, &RunsTable::fill);
    connect(m_runs, &TrainingRuns::runGrew, this, &RunsTable::refreshFigures);
    fill();
}

void RunsTable::fill() {
    const QSignalBlocker quiet(this);
    const QString selected = currentItem() ? currentItem()->data(0, kKey).toString() : QString();
    clear();
    std::set<QString> known;
    for (const TrainingRun& run : m_runs->runs()) {
        auto* item = new QTreeWidgetItem(this);
        item->setData(RunName, kKey, run.key);
        item->setCheckState(RunName, m_ticked.contains(run.key) ? Qt::Checked : Qt::Unchecked);
        fillRow(*item, run);
        known.insert(run.key);
        if (run.key == selected) setCurrentItem(item);
    }
    std::erase_if(m_ticked, [&](const QString& key) { return !known.contains(key); });
}

void RunsTable::refreshFigures() {
    const QSignalBlocker quiet(this);
    for (int row = 0; row < topLevelItemCount(); ++row) {
        QTreeWidgetItem* item = topLevelItem(row);
        const TrainingRun* run = m_runs->find(item->data(RunName, kKey).toString());
        if (run && run->state == TrainingRun::State::Running) fillRow(*item, *run);
    }
    viewport()->update();
}

void RunsTable::takeTick(QTreeWidgetItem* item) {
    const QString key = item->data(RunName, kKey).toString();
    const bool isTicked = item->checkState(RunName) == Qt::Checked;
    if (isTicked == m_ticked.contains(key)) return;
    if (isTicked) {
        m_ticked.insert(key);
    } else {
        m_ticked.erase(key);
    }
    Q_EMIT tickedChanged();
}

}  // namespace espalier::ui
