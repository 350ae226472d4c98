// SPDX-License-Identifier: GPL-3.0-or-later
// A folder that one process at a time works in.
#pragma once

#include <filesystem>
#include <memory>

namespace espalier {

/// Holds the folder while it lives; leaves no file behind, and ends with the process however that
/// ends.
class FolderLock {
public:
    /// Null when the folder is held by another, or cannot be opened.
    static std::unique_ptr<FolderLock> take(const std::filesystem::path& folder);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;

private:
    explicit FolderLock(int descriptor) : m_descriptor(descriptor) {}
    int m_descriptor;
};

}  // namespace espalier
