// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace espalier {

std::unique_ptr<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return nullptr;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        return std::unique_ptr<FolderLock>(new FolderLock(descriptor));
    ::close(descriptor);
    return nullptr;
}

FolderLock::~FolderLock() {
    ::close(m_descriptor);
}

}  // namespace espalier
