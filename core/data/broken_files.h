// SPDX-License-Identifier: GPL-3.0-or-later
// The files of a folder that are left out, for people.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace espalier::data {

/// "cat/7.jpg", seen from `root`.
std::string shortName(const std::filesystem::path& path, const std::filesystem::path& root);

/// "Cannot open the data in ROOT".
Error folderError(Error::Kind kind, const std::filesystem::path& root, std::string why,
                  std::string hint);

/// Names each file in the log, counts them, and names the first few in a note.
class BrokenFiles {
public:
    explicit BrokenFiles(std::filesystem::path root) : m_root(std::move(root)) {}

    void add(const std::filesystem::path& file, const std::string& why);
    /// Empty when there are none: "2 broken images left out: a/1.png (it ends early), …"; where
    /// there are more, with the path of the log.
    std::string note() const;

private:
    std::filesystem::path m_root;
    std::int64_t m_count = 0;
    std::vector<std::string> m_first;
};

}  // namespace espalier::data
