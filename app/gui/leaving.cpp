// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/leaving.h"

#include <utility>

#include <QWidget>

#include "ui/dialogs/dialogs.h"
#include "ui/dialogs/inline_message.h"
#include "ui/document/session_keeper.h"
#include "ui/document/workbench.h"
#include "ui/style/words.h"

namespace espalier::gui {

Leaving::Leaving(ui::Workbench* workbench, ui::SessionKeeper* keeper, Exports exports,
                 QWidget* window)
    : QObject(window),
      m_workbench(workbench),
      m_keeper(keeper),
      m_exports(std::move(exports)),
      m_window(window) {
    connect(keeper, &ui::SessionKeeper::saved, this, &Leaving::afterSession);
    // Not before its job is gone from the status bar, beside which questions may be asked.
    connect(workbench, &ui::Workbench::trainingEnded, this, &Leaving::afterTraining,
            Qt::QueuedConnection);
    connect(workbench, &ui::Workbench::succeeded, this, &Leaving::afterExport);
    connect(workbench, &ui::Workbench::failed, this, &Leaving::stay);
    connect(workbench, &ui::Workbench::cancelled, this, &Leaving::stay);
}

void Leaving::leaveModel(const Then& then, const Then& stay) {
    enum Answer { Save, Export, Discard, Cancel };
    const ui::Document& document = *m_workbench->document();
    this->stay();  // what waited for an export before waits no more
    if (m_workbench->isTraining()) {
        Q_EMIT refused(
            tr("A training is running on this model. Stop it first: its best weights so "
               "far are kept."));
        if (stay) stay();
        return;
    }
    if (!m_keeper->hasUnsavedWork()) return then();
    const bool hasOwnWeights = document.hasOwnWeights();
    const QString file = QString::fromStdString(document.snapshot()->file().name());
    ui::Question question;
    question.title = tr("Unsaved work");
    question.text = hasOwnWeights ? tr("The fine-tuned weights of %1 are in no file yet.").arg(file)
                                  : tr("The plan for %1 is in no file yet.").arg(file);
    question.detail = tr("A session keeps all of it: weights, plans, history, measurements.");
    const bool isNamed = !m_keeper->file().empty();
    if (isNamed || !document.hasUnsavedWork())
        question.text = tr("The session of %1 has changes that are in no file yet.").arg(file);
    question.answers = {isNamed ? tr("Save session") : tr("Save session…"),
                        hasOwnWeights ? tr("Export model…") : tr("Export plan…"), tr("Discard"),
                        tr("Cancel")};
    question.safeAnswer = Cancel;
    question.mainAnswer = Save;
    const int answer = ui::dialogs::ask(m_window, question);
    if (answer == Save) exportFirst(m_exports.session, then, stay);
    if (answer == Export) exportFirst(hasOwnWeights ? m_exports.model : m_exports.plan, then, stay);
    if (answer == Discard) then();
    if (answer == Cancel && stay) stay();
}

void Leaving::leaveTraining(const Then& then) {
    enum Answer { Stop, GoOn };
    if (m_afterTraining) return;  // it is being stopped already
    ui::Question question;
    question.title = tr("Fine-tuning is running");
    question.text = tr("Stop the fine-tuning and quit?");
    question.detail =
        tr("The next start offers to go on with it, in this session with its plan and history. "
           "The best weights so far, if there are any, are written to a model file too.");
    question.answers = {tr("Stop and quit"), tr("Do not quit")};
    question.safeAnswer = GoOn;
    question.mainAnswer = GoOn;
    if (ui::dialogs::ask(m_window, question) != Stop) return;
    if (!m_workbench->isTraining()) return leaveModel(then);  // it ended while this was asked
    m_afterTraining = then;
    m_workbench->stopTraining(ui::Workbench::AfterStop::MayContinue);
}

void Leaving::afterTraining() {
    const Then then = std::exchange(m_afterTraining, {});
    if (!then) return;
    const ui::Document& document = *m_workbench->document();
    if (!document.hasUnsavedWork() || !document.hasOwnWeights()) {
        // With the training its session is kept; one that had hardly begun leaves nothing.
        return m_workbench->hasLeftRun() ? then() : leaveModel(then);
    }
    m_workbench->keepBest(this, [this, then](const Result<std::filesystem::path>& saved) {
        afterSaving(saved, then);
    });
}

void Leaving::afterSaving(const Result<std::filesystem::path>& saved, const Then& then) {
    enum Answer { Export, Discard, Stay };
    if (saved) {
        Q_EMIT bestSaved(QString::fromStdString(saved->string()));
        return then();
    }
    ui::Question question;
    question.title = tr("Best weights not saved");
    question.text =
        ui::asSentence(style::withoutOptions(QString::fromStdString(saved.error().text())));
    question.detail =
        tr("The training has ended and its best weights are in the window. They are "
           "lost if you quit without exporting them.");
    question.answers = {tr("Export model…"), tr("Quit without them"), tr("Stay")};
    question.safeAnswer = Stay;
    question.mainAnswer = Export;
    const int answer = ui::dialogs::ask(m_window, question);
    if (answer == Export) exportFirst(m_exports.model, then);
    if (answer == Discard) then();
}

void Leaving::exportFirst(const std::function<bool()>& exporting, const Then& then,
                          const Then& stay) {
    const bool isBegun = exporting();
    if (!isBegun && stay) stay();
    if (!isBegun) return;
    m_afterExport = then;
    m_afterDecline = stay;
}

void Leaving::stay() {
    m_afterExport = {};
    if (const Then decline = std::exchange(m_afterDecline, {})) decline();
}

void Leaving::afterSession() {
    afterWriting(!m_keeper->hasUnsavedWork());
}

void Leaving::afterExport() {
    afterWriting(!m_workbench->document()->hasUnsavedWork());
}

void Leaving::afterWriting(bool isAllWritten) {
    const Then then = std::exchange(m_afterExport, {});
    if (!then || !isAllWritten) return stay();
    m_afterDecline = {};
    then();
}

}  // namespace espalier::gui
