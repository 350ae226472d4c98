// SPDX-License-Identifier: GPL-3.0-or-later
// Several output files that appear together or not at all.
#pragma once

#include <filesystem>
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

    /// Where to write what shall become `target`. A target that cannot be written, or is given
    /// twice, is told by `check` and `commit`.
    std::filesystem::path stage(const std::filesystem::path& target);

    /// Whether all targets can be written, as far as can be known before writing: worth asking
    /// before long work. Errors: WriteFailed; BadArgument (the same file twice).
    Result<void> check() const;

    /// The error with the names that were given in the place of staged ones.
    Error named(Error error) const;

    /// Puts all files in their places, with the permissions of those they replace; after an error
    /// the old ones are back. Errors: those of `check`; WriteFailed, naming the file.
    Result<void> commit();

private:
    struct File {
        std::filesystem::path target;  ///< as given
        std::filesystem::path real;    ///< with symbolic links followed
        std::filesystem::path staged;
        std::filesystem::path old;  ///< a second name for what was there; empty: nothing was
    };
    Result<void> put(File& file);

    std::vector<File> m_files;
    Result<void> m_check;
};

}  // namespace espalier::project
