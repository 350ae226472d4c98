// SPDX-License-Identifier: GPL-3.0-or-later
// The log: everything to a file, and to whoever listens (the log panel, standard error).
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace espalier {

enum class LogLevel { Debug, Info, Warning, Error };

/// Thread-safe, as all functions here.
void log(LogLevel level, std::string_view message);

/// The listener gets every message of Info and above; it may be called from any thread. Empty to
/// remove it.
void setLogListener(std::function<void(LogLevel, const std::string&)> listener);

/// Where the log file lies: $XDG_STATE_HOME/espalier/espalier.log, at most 5 MB, one old copy.
std::string logFilePath();

}  // namespace espalier
