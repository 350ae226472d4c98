// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/locked_folder.h"

#include <utility>

#include <QDateTime>

#include "core/base/files.h"

namespace espalier::ui {

namespace fs = std::filesystem;

namespace {

fs::path lockIn(const fs::path& folder) {
    return folder / "lock";
}

}  // namespace

std::unique_ptr<QLockFile> lockAt(const fs::path& file) {
    auto lock = std::make_unique<QLockFile>(QString::fromStdString(file.string()));
    lock->setStaleLockTime(0);
    return lock;
}

LockedFolder::LockedFolder(fs::path path, std::unique_ptr<QLockFile> lock)
    : m_path(std::move(path)), m_lock(std::move(lock)) {}

std::unique_ptr<LockedFolder> LockedFolder::make(const fs::path& parent) {
    std::error_code failed;
    fs::create_directories(parent, failed);
    const QString stamp = QDateTime::currentDateTime().toString(QStringLiteral("yyyyMMdd-HHmmss"));
    const fs::path path = freeName(parent / stamp.toStdString());
    if (!fs::create_directory(path, failed)) return nullptr;
    return take(path);
}

std::unique_ptr<LockedFolder> LockedFolder::take(const fs::path& path) {
    auto lock = lockAt(lockIn(path));
    if (!lock->tryLock(0)) return nullptr;
    return std::unique_ptr<LockedFolder>(new LockedFolder(path, std::move(lock)));
}

bool LockedFolder::isLock(const fs::path& file) const {
    return file == lockIn(m_path);
}

}  // namespace espalier::ui
