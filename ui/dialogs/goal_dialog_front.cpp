// SPDX-License-Identifier: GPL-3.0-or-later
// The picture of GoalDialog: what goals of all sizes would lose, by each way to spread them.
#include <iterator>

#include <QComboBox>
#include <QDoubleSpinBox>

#include "ui/dialogs/goal_dialog.h"
#include "ui/document/document.h"
#include "ui/document/metric_words.h"
#include "ui/jobs/job_runner.h"
#include "ui/plots/curves_view.h"

namespace espalier::ui {
namespace {

using prune::Quantity;

constexpr double kPercent = 100;
constexpr int kGoalColor = 7;  // that of text, which no spread has
const QString kFrontSlot = QStringLiteral("goalFront");

}  // namespace

GoalDialog::~GoalDialog() {
    m_jobs->cancelSlot(kFrontSlot);
}

void GoalDialog::askForFront() {
    m_fronts.clear();
    m_here.reset();
    m_jobs->cancelSlot(kFrontSlot);
    showFront();
    if (!hasCurves()) return;
    const double mostDrop = dropOfShown(m_drops.metric, dropScaleOf(m_drops).end);
    m_jobs->run<GoalFronts>(
        {Lane::Scan, tr("Looking ahead"), kFrontSlot, false}, this,
        [wanted = request(), all = allocations(), mostDrop](const EventSink<>&,
                                                            RunControl& control) {
            return frontsOf(wanted, all, mostDrop, control);
        },
        [this](Result<GoalFronts> fronts) {
            if (fronts) m_fronts = *std::move(fronts);
            showFront();
        });
}

void GoalDialog::showFront() {
    const Quantity axis = frontQuantity(goal(), structure());
    const QString unit = QString::fromStdString(dropUnitOf(m_drops.metric).name);
    m_front->clear();
    m_front->setAxisTitles(
        tr("%1 left, %").arg(wordsFor(axis, structure()).text),
        unit.isEmpty() ? tr("estimated loss") : tr("estimated loss, %1").arg(unit));
    QString empty = whyNoCurves();
    if (m_drops.curves.empty())
        empty = tr("What each goal would lose appears here once the sensitivity is measured.");
    m_front->setEmptyState(empty);
    m_front->setBusy(empty.isEmpty() && m_fronts.empty(), tr("Looking ahead"));
    plots::SeriesStyle style;
    for (const auto& [allocation, front] : m_fronts) {
        style.name = wordsFor(allocation, structure()).name;
        style.color = colorOf(allocation);
        style.marker = plots::SeriesStyle::Marker::Disc;
        const int series = m_front->addSeries(style);
        for (const FrontPoint& point : front)
            m_front->append(series, kPercent * point.left, shownDrop(m_drops.metric, point.drop));
    }
    if (m_fronts.empty() || !m_here) return;
    style.name = tr("this goal");
    style.color = kGoalColor;
    style.line = plots::SeriesStyle::Line::None;
    style.marker = plots::SeriesStyle::Marker::Diamond;
    m_front->append(m_front->addSeries(style), kPercent * m_here->left,
                    shownDrop(m_drops.metric, m_here->drop));
}

void GoalDialog::takePoint(int series, int index) {
    if (series >= std::ssize(m_fronts)) return;  // this goal itself
    const auto& [allocation, front] = *std::next(m_fronts.begin(), series);
    const auto target = front[static_cast<std::size_t>(index)].target;
    if (!target) return;
    m_allocation->setCurrentIndex(m_allocation->findData(static_cast<int>(allocation)));
    setTarget(*target);
}

}  // namespace espalier::ui
