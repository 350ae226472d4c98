// SPDX-License-Identifier: GPL-3.0-or-later
// Where a window keeps its session by itself, to be found after a crash.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <QDateTime>
#include <QString>

#include "core/base/result.h"
#include "ui/document/locked_folder.h"

namespace espalier::ui {

/// A folder of one window among the program's own files, which no other program takes while this
/// lives. The folder stays unless it is removed.
class AutosaveFolder {
public:
    /// A new one; null when none can be made.
    static std::unique_ptr<AutosaveFolder> make();
    /// One that is there; null while another program has it.
    static std::unique_ptr<AutosaveFolder> take(const std::filesystem::path& path);

    const std::filesystem::path& path() const { return m_folder->path(); }
    std::filesystem::path session() const;
    /// The file that the person saves to; empty: the session has no name yet.
    std::filesystem::path namedFile() const;
    /// `model`: the file's name, shown where the session has none.
    Result<void> setOrigin(const std::filesystem::path& namedFile, const std::string& model);
    QString title() const;
    void remove();  ///< all of it

private:
    explicit AutosaveFolder(std::unique_ptr<LockedFolder> folder);
    static std::unique_ptr<AutosaveFolder> in(std::unique_ptr<LockedFolder> folder);

    std::unique_ptr<LockedFolder> m_folder;
};

/// A session that was not closed.
struct LostSession {
    std::filesystem::path folder;
    QString name;    ///< of its file, else of its model
    QDateTime when;  ///< it was kept
};

/// Those that no program works on, the latest first, `besides` one that is known.
std::vector<LostSession> lostSessions(const std::filesystem::path& besides = {});
/// Whether that AutosaveFolder is there with a session in it that no program works on.
bool holdsSession(const std::filesystem::path& folder);
/// "lenet5.pt (today 21:40)"
QString describe(const LostSession& session);

/// A claim of one window on a session's file. Where no lock can be written, and
/// so no session either, nobody has one.
struct Claim {
    bool isTaken = false;               ///< by another window
    std::unique_ptr<QLockFile> lock{};  ///< held while this lives
};
Claim claim(const std::filesystem::path& session);

}  // namespace espalier::ui
