// SPDX-License-Identifier: GPL-3.0-or-later
// The session as a file: saved when asked, kept by itself in between, recovered after a crash.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include <QLockFile>
#include <QObject>
#include <QStringList>
#include <QTimer>

#include "core/base/result.h"
#include "core/project/session.h"

namespace espalier::ui {

class AutosaveFolder;
class Workbench;

/// Lives on the GUI thread; files are written and read by jobs.
class SessionKeeper : public QObject {
    Q_OBJECT
public:
    using Retry = std::function<void(const QString& place)>;
    static constexpr int kAutosaveMs = 30'000;  ///< after the last edit

    /// `layout`: what of the window is saved with it; may be empty.
    SessionKeeper(Workbench* workbench, std::function<std::string()> layout,
                  QObject* parent = nullptr);
    ~SessionKeeper() override;  ///< what it has kept by itself goes, unless it was left

    void setAutosaveDelay(int ms);

    const std::filesystem::path& file() const { return m_file; }  ///< empty: it has no name yet
    /// Whether anything has changed since it was saved or opened.
    bool isModified() const { return m_edits != m_savedEdits; }
    /// Whether something would be lost that is in no file.
    bool hasUnsavedWork() const;

    /// Errors, by Workbench::failed: of project::saveSession; another window has the file open.
    void save(const std::filesystem::path& file);
    /// In a second window it becomes a copy without a name.
    void open(const std::filesystem::path& file, const project::LocatedModels& located = {});
    /// `folder`: of lostSessions. `then` is called once it is shown.
    void recover(const std::filesystem::path& folder, std::function<void()> then = {});
    static void discard(const std::filesystem::path& folder);

    /// For when nobody can be asked any more: keeps what is unsaved now, and what a training goes
    /// on in, for the next start. Waits.
    void leaveForRecovery();

Q_SIGNALS:
    void stateChanged();  ///< name, or whether it is modified
    void saved(const QString& file);
    /// `notes`: what is not as it was saved.
    void opened(const QString& layout, const QStringList& notes);
    /// A model file of the session is not there; `retry` tries again with the place it has now.
    void modelMissing(const QString& session, const QString& model,
                      const espalier::ui::SessionKeeper::Retry& retry);

private:
    struct Opening;
    void read(std::shared_ptr<Opening> opening);
    void take(Opening& opening, const project::OpenedSession& opened);
    void noteEdit();
    void setSaved(qint64 edits);
    void autosave();
    void keep();
    void keepForTraining();
    void forgetUnlessNeeded();
    bool ensureFolder();
    void forgetAutosave();
    void forgetModel();
    project::Session session() const;

    Workbench* m_workbench;
    std::function<std::string()> m_layout;
    std::filesystem::path m_file;
    std::unique_ptr<QLockFile> m_lock;         // on m_file
    std::unique_ptr<AutosaveFolder> m_folder;  // null until something had to be kept
    QTimer m_autosave;
    qint64 m_edits = 0;
    qint64 m_savedEdits = 0;
    bool m_isRecovered = false;  // and not saved since
};

}  // namespace espalier::ui
