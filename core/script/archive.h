// SPDX-License-Identifier: GPL-3.0-or-later
// Looks at a model file without loading it: what it is, whether its sizes are honest, what its code
// would call.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "core/base/result.h"

namespace espalier::script {

/// What the archive's directory and code say.
struct ArchiveReport {
    std::uint64_t fileBytes = 0;
    std::uint64_t tensorBytes = 0;  ///< of data/ and constants/, as stored
    std::set<std::string> calls;  ///< qualified names of the operators in the code: "aten::conv2d"
};

/// Accepts a TorchScript archive that is whole, honest about its sizes, and calls nothing that
/// touches files, processes or other libraries.
///
/// Everything else is refused by what it is, with what to do about it: a folder, an empty or
/// unreadable file, a pickled state_dict or eager module (zip or legacy), a torch.export archive
/// (.pt2), ONNX, safetensors, another zip, a truncated or damaged archive. Reads the directory, the
/// code and the pickles, not the tensors; takes milliseconds. Errors: NotFound, Unreadable,
/// NotTorchScript, Damaged, Untrusted, Unsupported (an operator that LibTorch does not have, a
/// newer format). Thread-safe.
///
/// What this cannot see (a call through a value, code that breaks the compiler) the load guard
/// catches.
Result<ArchiveReport> checkArchive(const std::filesystem::path& path);

}  // namespace espalier::script
