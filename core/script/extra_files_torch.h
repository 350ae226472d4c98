// SPDX-License-Identifier: GPL-3.0-or-later
// What else an archive carries: the `_extra_files` of torch.jit.save.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>

namespace espalier::script {

using ExtraFiles = std::unordered_map<std::string, std::string>;

/// The extra files of a TorchScript archive, by name. Empty when it has none or cannot be read any
/// more.
ExtraFiles extraFilesOf(const std::filesystem::path& archive);

}  // namespace espalier::script
