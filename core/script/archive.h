// SPDX-License-Identifier: GPL-3.0-or-later
// Looks at a model file without loading it: what it is, whether its sizes are honest, what its code would call.
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
    std::uint64_t tensorBytes = 0;      ///< of data/ and constants/, as stored
    std::set<std::string> calls;        ///< qualified operator names found in the code: "aten::conv2d" as "torch.conv2d"
};

/// Accepts a TorchScript archive that is whole, honest about its sizes, and calls nothing that touches files,
/// processes or other libraries.
///
/// Everything else is refused by what it is, with what to do about it: a folder, an empty or unreadable file, a pickled
/// state_dict or eager module (zip or legacy), a torch.export archive (.pt2), ONNX, safetensors, another zip, a
/// truncated or damaged archive. Reads the directory and the code only; takes milliseconds for any size.
/// Errors: NotFound, Unreadable, NotTorchScript, Damaged, Untrusted. Thread-safe.
Result<ArchiveReport> checkArchive(const std::filesystem::path& path);

}  // namespace espalier::script
