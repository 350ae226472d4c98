// SPDX-License-Identifier: GPL-3.0-or-later
// Scopes by their names on the command line and in files.
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/prune/plan.h"

namespace espalier::prune {

std::string_view nameOf(Scope scope);  ///< "layer", "global", "same-kind"
/// Errors: BadArgument, listing the known names.
Result<Scope> parseScope(std::string_view name);

}  // namespace espalier::prune
