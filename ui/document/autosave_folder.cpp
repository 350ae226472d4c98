// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/autosave_folder.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <QFileInfo>

#include "core/base/files.h"
#include "ui/document/when_text.h"

namespace espalier::ui {

namespace fs = std::filesystem;

namespace {

QString text(const fs::path& path) {
    return QString::fromStdString(path.string());
}

fs::path sessionsDir() {
    return stateDir() / "sessions";
}

fs::path sessionIn(const fs::path& folder) {
    return folder / "session.espalier";
}

constexpr auto kOrigin = "origin";  // two lines: the named file, the model

}  // namespace

AutosaveFolder::AutosaveFolder(std::unique_ptr<LockedFolder> folder)
    : m_folder(std::move(folder)) {}

std::unique_ptr<AutosaveFolder> AutosaveFolder::in(std::unique_ptr<LockedFolder> folder) {
    if (!folder) return nullptr;
    return std::unique_ptr<AutosaveFolder>(new AutosaveFolder(std::move(folder)));
}

std::unique_ptr<AutosaveFolder> AutosaveFolder::make() {
    return in(LockedFolder::make(sessionsDir()));
}

std::unique_ptr<AutosaveFolder> AutosaveFolder::take(const fs::path& path) {
    return in(LockedFolder::take(path));
}

fs::path AutosaveFolder::session() const {
    return sessionIn(m_folder->path());
}

fs::path AutosaveFolder::namedFile() const {
    const auto origin = readText(m_folder->path() / kOrigin);
    return origin ? fs::path(origin->substr(0, origin->find('\n'))) : fs::path();
}

Result<void> AutosaveFolder::setOrigin(const fs::path& named, const std::string& model) {
    const std::string origin = named.string() + "\n" + model;
    const auto before = readText(m_folder->path() / kOrigin);
    if (before && *before == origin) return {};
    return writeTextAtomically(m_folder->path() / kOrigin, origin);
}

QString AutosaveFolder::title() const {
    if (const fs::path named = namedFile(); !named.empty()) return text(named.filename());
    const auto origin = readText(m_folder->path() / kOrigin);
    return origin ? QString::fromStdString(origin->substr(origin->find('\n') + 1)) : QString();
}

void AutosaveFolder::remove() {
    m_folder->unlock();
    std::error_code ignored;
    fs::remove_all(m_folder->path(), ignored);
}

std::vector<LostSession> lostSessions(const fs::path& besides) {
    std::vector<LostSession> lost;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(sessionsDir(), failed)) {
        if (entry.path() == besides) continue;
        const auto folder = AutosaveFolder::take(entry.path());
        if (!folder) continue;
        const QFileInfo session(text(folder->session()));
        if (!session.exists()) {  // it ended before there was anything to keep
            folder->remove();
            continue;
        }
        lost.push_back({entry.path(), folder->title(), session.lastModified()});
    }
    std::ranges::sort(lost, std::ranges::greater(), &LostSession::when);
    return lost;
}

bool holdsSession(const fs::path& folder) {
    std::error_code none;
    return fs::exists(sessionIn(folder), none) && AutosaveFolder::take(folder);
}

QString describe(const LostSession& session) {
    return QStringLiteral("%1 (%2)").arg(session.name, whenText(session.when));
}

Claim claim(const fs::path& named) {
    std::error_code none;
    const fs::path canonical = fs::weakly_canonical(named, none);  // a link is the same session
    const fs::path& session = canonical.empty() ? named : canonical;
    const fs::path file = session.parent_path() / ("." + session.filename().string() + ".lock");
    auto lock = lockAt(file);
    if (lock->tryLock(0)) return {false, std::move(lock)};
    return {lock->error() == QLockFile::LockFailedError};
}

}  // namespace espalier::ui
