// SPDX-License-Identifier: GPL-3.0-or-later
// Files: written whole or not at all, read with a reason when not, hashed; and where the program's
// own files lie.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/run_control.h"

namespace espalier {

/// The file that is replaced when `target` is written: what a symbolic link points to, else itself.
/// Errors: WriteFailed when that is a folder, a device or the like, or when its folder does not
/// exist or may not be written to.
Result<std::filesystem::path> replaceableFile(const std::filesystem::path& target);

/// Writes `target` so that a reader sees the old file or the whole new one, never a part.
///
/// `write(temporary)` makes the file under a temporary name in the same folder; it is flushed to
/// the disk, `check(temporary)` (may be empty) looks at what is really there, then it is renamed.
/// On any error, a full disk or an exception included, the temporary file is removed and `target`
/// stays as it was. Errors: WriteFailed; or what `write` or `check` returned.
Result<void> writeAtomically(
    const std::filesystem::path& target,
    const std::function<Result<void>(const std::filesystem::path&)>& write,
    const std::function<Result<void>(const std::filesystem::path&)>& check = {});

/// The same for a text that is there already.
Result<void> writeTextAtomically(const std::filesystem::path& target, std::string_view text);

/// The whole file. Errors: NotFound, Unreadable (a folder, no permission), each naming the path.
/// Files larger than `maxBytes` are refused.
Result<std::string> readText(const std::filesystem::path& path, std::size_t maxBytes = 64u << 20);

/// Lower-case hexadecimal SHA-256 of a file's bytes; about 1 s per GB. Errors: as readText;
/// Cancelled.
Result<std::string> sha256OfFile(const std::filesystem::path& path, RunControl* control = nullptr);
/// Lower-case hexadecimal SHA-256 of bytes in memory.
std::string sha256(std::string_view bytes);

/// A SHA-256 in the making, of bytes that come in pieces.
class Sha256 {
public:
    Sha256();
    void add(std::string_view bytes);
    /// Lower-case hexadecimal; nothing may be added afterwards.
    std::string hex();

private:
    std::unique_ptr<void, void (*)(void*)> m_context;  // OpenSSL's
};

/// `wanted`, or where that exists the first of NAME-2.pt, NAME-3.pt … that does not.
std::filesystem::path freeName(const std::filesystem::path& wanted);

/// The folder with the program's own files (`examples/…`): beside the sources when run from a
/// build,
/// `../share/espalier` when installed, $ESPALIER_RESOURCES before both.
std::filesystem::path resourcesDir();
/// The folder of the running program's executable, where its helper programs lie too.
std::filesystem::path programDir();
/// $XDG_CACHE_HOME/espalier, made when missing.
std::filesystem::path cacheDir();
/// $XDG_STATE_HOME/espalier, made when missing.
std::filesystem::path stateDir();

}  // namespace espalier
