// SPDX-License-Identifier: GPL-3.0-or-later
// Pruning and fine-tuning with one button; trainings that ended with the program.
#include <QUuid>

#include "app/gui/tasks.h"
#include "app/gui/window_state.h"
#include "core/base/format.h"
#include "core/project/way_on.h"
#include "ui/dialogs/dialogs.h"
#include "ui/dialogs/prune_dialog.h"
#include "ui/document/run_folder.h"
#include "ui/document/session_keeper.h"
#include "ui/document/workbench.h"
#include "ui/panels/training_forecast.h"
#include "ui/panels/training_panel.h"
#include "ui/style/number_text.h"
#include "ui/style/words.h"

namespace espalier::gui {

using ui::Workbench;
namespace dialogs = ui::dialogs;

void Tasks::pruneAndTune(const ui::TrainingPanel& training) {
    ui::Document* document = m_workbench->document();
    const bool isPlanned = ui::effective(document->plan()) != prune::Plan{};
    const bool canStart = document->dataset() && train::check(training.recipe()).ok();
    const double planned = ui::plannedRemoval(*document);
    if (isPlanned && planned > 0) return m_workbench->fineTune(training.recipeFor(planned));
    // What keeps training from starting is told before anything is pruned.
    if (isPlanned || !canStart) return m_workbench->fineTune(training.recipe());
    using Purpose = ui::PruneDialog::Purpose;
    ui::PruneDialog dialog(document, m_workbench->jobs(), m_window, Purpose::PruneAndTune);
    if (!dialogs::run(dialog) || !dialog.plan()) return;
    const QString share = style::numberText(percent(dialog.share()));
    const QString key = QUuid::createUuid().toString();
    document->setPlan(*dialog.plan(), tr("prune everywhere to %1").arg(share), key);
    m_workbench->fineTune(training.recipeFor(dialog.share()),
                          {tr("prune to %1 and fine-tune").arg(share), key});
}

void Tasks::renewBatchNorms(const ui::TrainingPanel& training) {
    m_workbench->renewBatchNorms(training.recipe());
}

void Tasks::lookForBrokenRun() {
    const auto run = ui::latestBrokenRun();
    m_brokenRun = run ? run->folder : std::filesystem::path();
    m_runSession = run ? run->session : std::filesystem::path();
    Q_EMIT brokenRunChanged(run ? ui::describe(*run) : QString(), !m_runSession.empty());
}

void Tasks::continueRun() {
    if (m_brokenRun.empty()) return;
    const auto proceed = [this, run = m_brokenRun] {
        m_rescuedRun.clear();
        takeSavedTraining();  // its weights are in the run
        m_workbench->continueRun(run);
    };
    if (m_runSession.empty()) return proceed();
    m_rescuedRun = m_brokenRun;
    m_keeper->recover(m_runSession, proceed);
}

void Tasks::recoverRun() {
    if (m_runSession.empty()) return;
    m_offeredRun = m_brokenRun;
    m_keeper->recover(m_runSession, &takeSavedTraining);
}

void Tasks::discardRun() {
    if (const auto folder = ui::RunFolder::take(m_brokenRun)) folder->remove();
    lookForBrokenRun();
    lookForLostSessions();  // that of the run is one like any other now
    tellOfSavedTraining();
}

void Tasks::onTrainingBroke(const Error& error, const QString& folder) {
    ui::Message message;
    message.level = ui::Message::Level::Error;
    Error told = error;
    if (!told.hint.empty()) told.hint += ' ';
    told.hint += tr("Its last checkpoint is kept: it can go on from there.").toStdString();
    message.text = style::withoutOptions(QString::fromStdString(told.text()));
    message.actionText = project::mayBeAccelerator("auto") ? tr("Continue on the CPU")
                                                           : tr("Continue the fine-tuning");
    message.action = [this, folder] {
        m_workbench->continueRun(folder.toStdString(), Workbench::ContinueOn::Cpu);
    };
    Q_EMIT messagePosted(message);
}

}  // namespace espalier::gui
