// SPDX-License-Identifier: GPL-3.0-or-later
// A folder among the program's own files that one window has for itself.
#pragma once

#include <filesystem>
#include <memory>

#include <QLockFile>

namespace espalier::ui {

/// A lock that frees itself when its program is gone, however long that worked; not taken yet.
std::unique_ptr<QLockFile> lockAt(const std::filesystem::path& file);

/// No other program takes the folder while this lives. It stays unless somebody removes it.
class LockedFolder {
public:
    /// A new one in `parent`, named by the time; null when none can be made.
    static std::unique_ptr<LockedFolder> make(const std::filesystem::path& parent);
    /// One that is there; null while another program has it.
    static std::unique_ptr<LockedFolder> take(const std::filesystem::path& path);

    const std::filesystem::path& path() const { return m_path; }
    bool isLock(const std::filesystem::path& file) const;
    void unlock() { m_lock.reset(); }  ///< before it is removed

private:
    LockedFolder(std::filesystem::path path, std::unique_ptr<QLockFile> lock);

    std::filesystem::path m_path;
    std::unique_ptr<QLockFile> m_lock;
};

}  // namespace espalier::ui
