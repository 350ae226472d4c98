// SPDX-License-Identifier: GPL-3.0-or-later
// Pruning and fine-tuning with one button.
#include <QUndoStack>

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
    joinSteps(tr("prune to %1 and fine-tune").arg(share), [&] {
        document->setPlan(*dialog.plan(), tr("prune everywhere to %1").arg(share));
        m_workbench->fineTune(training.recipeFor(dialog.share()));
    });
}

// All that is done until the training that `start` begins has ended is one undo step.
void Tasks::joinSteps(const QString& text, const std::function<void()>& start) {
    QUndoStack* undo = m_workbench->document()->undoStack();
    undo->beginMacro(text);
    start();
    if (!m_workbench->isTraining()) return undo->endMacro();
    // No other model can be opened meanwhile: the stack stays as it is.
    connect(
        m_workbench, &Workbench::trainingEnded, this, [undo] { undo->endMacro(); },
        Qt::SingleShotConnection);
}

}  // namespace espalier::gui
