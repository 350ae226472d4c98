// SPDX-License-Identifier: GPL-3.0-or-later
// The first load of an unknown file, in a child process with limits on time and memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "core/base/run_control.h"

namespace espalier::script {

/// What the child may use. `forFile` gives the default: 10 s + 1 s per 100 MB, and memory of 1 GB
/// for a file of up to 1 MB, three times what a file has above that.
struct LoadLimits {
    double seconds = 10;
    std::uint64_t bytes = 1'000'000'000;

    static LoadLimits forFile(std::uint64_t fileBytes);
};

/// Compares the checksums of all members, then loads `path` in `espalier-load-guard`, which lies
/// beside the running program, and says whether that went well. There the code is compiled and
/// checked before any of it runs; the file system cannot be written to. A file that passed before
/// (same SHA-256, remembered in the cache folder) passes at once; a caller that has hashed the file
/// already gives `knownSha256`. Errors: Untrusted (past a limit,
/// or a call that a model must not make), Damaged (the child crashed or torch refused the file),
/// Failed (there is no helper program), Cancelled within 50 ms. Thread-safe.
Result<void> tryLoadInChild(const std::filesystem::path& path, const LoadLimits& limits,
                            RunControl& control, std::string knownSha256 = {});

/// The child's whole program: sets its own limits, loads, exits with a status the parent
/// understands.
int loadGuardMain(int argc, char** argv);

}  // namespace espalier::script
