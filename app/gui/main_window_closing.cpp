// SPDX-License-Identifier: GPL-3.0-or-later
// Closing the window: what is asked, what is kept when nobody can be asked.
#include <QApplication>
#include <QCloseEvent>

#include "app/gui/leaving.h"
#include "app/gui/main_window.h"
#include "app/gui/recent_files.h"
#include "app/gui/tasks.h"
#include "app/gui/window_state.h"
#include "core/base/log.h"
#include "ui/document/session_keeper.h"
#include "ui/document/workbench.h"

namespace espalier::gui {

void MainWindow::closeNow() {
    m_isLeaving = true;
    close();
}

void MainWindow::terminate() {
    m_isTerminated = true;
    while (QWidget* dialog = QApplication::activeModalWidget()) {
        if (!dialog->close()) break;
    }
    // Once the loops of those dialogs have ended.
    QMetaObject::invokeMethod(this, &MainWindow::closeNow, Qt::QueuedConnection);
}

void MainWindow::closeEvent(QCloseEvent* event) {
    const bool isTraining = m_workbench->isTraining();
    if (!m_isLeaving && (isTraining || m_keeper->hasUnsavedWork())) {
        event->ignore();
        // A window that is closing takes no second close: it comes after this one.
        const auto close = [this] {
            QMetaObject::invokeMethod(this, &MainWindow::closeNow, Qt::QueuedConnection);
        };
        Leaving* leaving = m_tasks->leaving();
        isTraining ? leaving->leaveTraining(close) : leaving->leaveModel(close);
        return;
    }
    finish();
    event->accept();
}

void MainWindow::finish() {
    saveWindow(*this, *m_workspace);
    QApplication::setOverrideCursor(Qt::WaitCursor);
    if (m_isTerminated || m_workbench->hasLeftRun()) m_keeper->leaveForRecovery();
    using Unsaved = ui::Workbench::Unsaved;
    const auto saved = m_workbench->shutDown(m_isTerminated ? Unsaved::Keep : Unsaved::Drop);
    QApplication::restoreOverrideCursor();
    if (!saved) {
        log(LogLevel::Error, saved.error().text());
    } else if (!saved->empty()) {
        rememberBest(QString::fromStdString(saved->string()));
    }
}

void MainWindow::rememberBest(const QString& path) {
    log(LogLevel::Info, "Trained weights were kept in " + path.toStdString());
    rememberSavedTraining(path);
    m_recent->add(path);
}

}  // namespace espalier::gui
