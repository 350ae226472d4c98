// SPDX-License-Identifier: GPL-3.0-or-later
// What the guarded child tells its parent through a pipe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace espalier::script {

/// The pipe's end in the child.
inline constexpr int kGuardPipe = 3;
/// The first byte, once the program has started and its limits hold: the parent's clock starts with
/// it.
inline constexpr char kGuardReady = 'R';
/// Changes with what the guard checks, so that files which passed an older guard are tried again.
inline constexpr std::string_view kGuardFormat = "guard-1";
/// The child's arguments: file, seconds, bytes, process id of the parent.
inline constexpr int kGuardArguments = 4;

/// What the child says at its end: nothing more when the file is good.
std::string encodeError(const Error& error);
/// None when `text` is no error that `encodeError` wrote.
std::optional<Error> decodeError(std::string_view text);

}  // namespace espalier::script
