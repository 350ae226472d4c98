// SPDX-License-Identifier: GPL-3.0-or-later
// Saving sessions, and opening them where not all is as it was.
#include <utility>

#include <QFileInfo>

#include "app/gui/leaving.h"
#include "app/gui/tasks.h"
#include "app/gui/window_state.h"
#include "ui/dialogs/dialogs.h"
#include "ui/document/autosave_folder.h"
#include "ui/document/session_keeper.h"
#include "ui/document/workbench.h"
#include "ui/style/words.h"

namespace espalier::gui {

using ui::Message;
namespace dialogs = ui::dialogs;

namespace {

const QString kSuffix = QStringLiteral(".espalier");

}  // namespace

void Tasks::saveSession() {
    saveOrAsk();
}

void Tasks::saveSessionAs() {
    askForSessionFile();
}

bool Tasks::saveOrAsk() {
    if (m_keeper->file().empty()) return askForSessionFile();
    m_keeper->save(m_keeper->file());
    return true;
}

bool Tasks::askForSessionFile() {
    const QString path = dialogs::saveFile(m_window, {tr("Save session"), suggestedName(kSuffix),
                                                      tr("Sessions (*.espalier);;All files (*)")});
    if (path.isEmpty()) return false;
    const bool isBare = QFileInfo(path).suffix().isEmpty();
    m_keeper->save((isBare ? path + kSuffix : path).toStdString());
    return true;
}

void Tasks::onSessionOpened(const QStringList& notes) {
    m_reportsNextGroups = false;  // it was told when the model was opened for the first time
    const auto run = std::exchange(m_offeredRun, {});
    if (notes.isEmpty()) return;
    Message message;
    message.level = Message::Level::Warning;
    message.text = style::withoutOptions(notes.join(QLatin1Char(' ')));
    if (!run.empty()) {
        message.text += tr(" Its fine-tuning has not come to its end.");
        message.actionText = tr("Continue the fine-tuning");
        message.action = [this, run] { m_workbench->continueRun(run); };
    }
    Q_EMIT messagePosted(message);
}

void Tasks::onModelMissing(const QString& session, const QString& model,
                           const std::function<void(const QString& place)>& retry) {
    Message message;
    message.level = Message::Level::Error;
    message.text = tr("Cannot open %1: its model %2 is not there. Put it back, or say where it is "
                      "now.")
                       .arg(session, model);
    message.actionText = tr("Locate…");
    message.action = [this, model, retry] {
        const QString name = QFileInfo(model).fileName();
        const QString place = dialogs::openFile(
            m_window, {tr("Locate %1").arg(name), {}, tr("%1;;All files (*)").arg(name)});
        if (!place.isEmpty()) retry(place);
    };
    Q_EMIT messagePosted(message);
}

void Tasks::lookForLostSessions() {
    const auto lost = ui::lostSessions(m_runSession);
    m_hasLostSessions = !lost.empty();
    Q_EMIT lostSessionsChanged(lost);
}

void Tasks::recoverSession(const QString& folder) {
    m_keeper->recover(folder.toStdString(), &takeSavedTraining);  // its weights are in it
}

void Tasks::discardSession(const QString& folder) {
    ui::SessionKeeper::discard(folder.toStdString());
    lookForLostSessions();
    tellOfSavedTraining();
}

}  // namespace espalier::gui
