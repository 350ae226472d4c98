// SPDX-License-Identifier: GPL-3.0-or-later
// Says what a file is that is no TorchScript archive, and what to do about it.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "core/base/result.h"
#include "core/script/archive_zip.h"

namespace espalier::script {

/// Why `path` cannot be a TorchScript archive by what it is on the disk and by its first bytes;
/// nothing when it is a zip. A missing file, a folder, a device, a file that may not be read, an
/// empty one, and every format that people keep networks in are told apart. The error's `what` is
/// empty.
std::optional<Error> refuseByFirstBytes(const std::filesystem::path& path);

/// Why this zip is no TorchScript archive; nothing when it is one. `root` is the folder all members
/// lie in ("lenet/").
std::optional<Error> refuseByMembers(const ZipFile& zip, std::string_view root);

}  // namespace espalier::script
