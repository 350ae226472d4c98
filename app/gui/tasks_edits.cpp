// SPDX-License-Identifier: GPL-3.0-or-later
// Tasks that edit the plan.
#include "app/gui/tasks.h"
#include "core/base/format.h"
#include "core/measure/sampling_error.h"
#include "ui/dialogs/dialogs.h"
#include "ui/dialogs/goal_dialog.h"
#include "ui/dialogs/prune_channels_dialog.h"
#include "ui/dialogs/prune_dialog.h"
#include "ui/document/channels.h"
#include "ui/document/sensitivity_scan.h"
#include "ui/document/workbench.h"
#include "ui/style/number_text.h"

namespace espalier::gui {

using ui::Document;
namespace dialogs = ui::dialogs;

void Tasks::pruneEverywhere() {
    ui::PruneDialog dialog(m_workbench->document(), m_workbench->jobs(), m_window);
    if (!dialogs::run(dialog) || !dialog.plan()) return;
    m_workbench->document()->setPlan(
        *dialog.plan(),
        tr("prune everywhere to %1").arg(style::numberText(percent(dialog.share()))));
}

void Tasks::pruneChannels() {
    ui::PruneChannelsDialog dialog(m_workbench->document(), m_workbench->jobs(), m_window);
    if (!dialogs::run(dialog) || !dialog.plan()) return;
    m_workbench->document()->setPlan(
        *dialog.plan(), tr("prune channels to %1").arg(style::numberText(percent(dialog.share()))));
}

void Tasks::pruneToGoal() {
    const ui::SensitivityScan& scan = *m_workbench->sensitivity();
    ui::MeasuredDrops drops{scan.options().structure, scan.dropCurves()};
    drops.wanted = static_cast<int>(scan.curves().size());
    drops.isRunning = scan.isRunning();
    drops.criterion = scan.options().criterionName();
    drops.metric = scan.metric();
    if (scan.dense()) drops.dense = scan.dense()->score;
    drops.limit = scan.options().maxDrop;
    if (const auto dataset = m_workbench->document()->dataset())
        drops.samples = measure::samplesOf(scan.options(), data::info(*dataset));
    ui::GoalDialog dialog(m_workbench->document(), m_workbench->jobs(), std::move(drops), m_window);
    if (!dialogs::run(dialog) || !dialog.plan()) return;
    m_workbench->document()->setPlan(*dialog.plan(), tr("prune to %1").arg(dialog.goalText()));
}

void Tasks::resetSelectedLayers() {
    Document* document = m_workbench->document();
    prune::Plan plan = document->plan();
    for (const model::LayerId layer : document->selectedLayers()) {
        plan.weights.erase(document->snapshot()->layer(layer).name);
        const auto group = document->channels()->groupOf(layer);
        if (!group) continue;
        plan.channels.erase(document->channels()->group(*group).key);
        plan.marks.erase(document->channels()->group(*group).key);
    }
    document->setPlan(std::move(plan), tr("reset the selected layers"));
}

void Tasks::resetAllLayers() {
    Document* document = m_workbench->document();
    prune::Plan plan = document->plan();
    plan.weights.clear();
    plan.channels.clear();
    plan.marks.clear();
    document->setPlan(std::move(plan), tr("reset all layers"));
}

void Tasks::toggleLock() {
    Document* document = m_workbench->document();
    document->setLocked(document->selectedLayers(), !document->isLocked(document->selection()));
}

}  // namespace espalier::gui
