// SPDX-License-Identifier: GPL-3.0-or-later
// The data of a session alone as text: for what is remembered of a model outside of sessions.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/project/session_file.h"

namespace espalier::project {

/// JSON on one line, with absolute paths.
std::string sessionDataToJson(const SessionData& data);
/// Errors: those of sessionFromJson.
Result<SessionData> sessionDataFromJson(std::string_view text);

}  // namespace espalier::project
