// SPDX-License-Identifier: GPL-3.0-or-later
// Pruning and fine-tuning with one button.
#include <QUuid>

#include "app/gui/tasks.h"
#include "core/base/format.h"
#include "ui/dialogs/dialogs.h"
#include "ui/dialogs/prune_dialog.h"
#include "ui/document/workbench.h"
#include "ui/panels/training_panel.h"

namespace espalier::gui {

using ui::Workbench;
namespace dialogs = ui::dialogs;

void Tasks::pruneAndTune(const ui::TrainingPanel& training) {
    ui::Document* document = m_workbench->document();
    const bool isPlanned = ui::effective(document->plan()) != prune::Plan{};
    const bool canStart = document->dataset() && train::check(training.recipe()).ok();
    // What keeps training from starting is told before anything is pruned.
    if (isPlanned || !canStart) return m_workbench->fineTune(training.recipe());
    using Purpose = ui::PruneDialog::Purpose;
    ui::PruneDialog dialog(document, m_workbench->jobs(), m_window, Purpose::PruneAndTune);
    if (!dialogs::run(dialog) || !dialog.plan()) return;
    const QString share = QString::fromStdString(percent(dialog.share()));
    const QString key = QUuid::createUuid().toString();
    document->setPlan(*dialog.plan(), tr("prune everywhere to %1").arg(share), key);
    m_workbench->fineTune(training.recipeFor(dialog.share()),
                          {tr("prune to %1 and fine-tune").arg(share), key});
}

void Tasks::renewBatchNorms(const ui::TrainingPanel& training) {
    m_workbench->renewBatchNorms(training.recipe());
}

}  // namespace espalier::gui
