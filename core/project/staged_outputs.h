// SPDX-License-Identifier: GPL-3.0-or-later
// Several output files that appear together or not at all.
#pragma once

#include <filesystem>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace espalier::project {

/// Files are written under staged names beside their targets; `commit` renames them all at the end.
/// What was not committed is removed.
class StagedOutputs {
public:
    StagedOutputs() = default;
    StagedOutputs(const StagedOutputs&) = delete;
    StagedOutputs& operator=(const StagedOutputs&) = delete;
    ~StagedOutputs();

    /// Where to write what shall become `target`.
    std::filesystem::path stage(const std::filesystem::path& target);

    /// Errors: WriteFailed, naming the file that could not be put in its place.
    Result<void> commit();

private:
    std::vector<std::pair<std::filesystem::path, std::filesystem::path>>
        m_files;  ///< staged, target
};

}  // namespace espalier::project
