// SPDX-License-Identifier: GPL-3.0-or-later
// A spec as the command that does the same.
#pragma once

#include <string>
#include <vector>

#include "core/project/specs.h"

namespace espalier::project {

/// What espalier-cli takes, its verb first. Only what is not the default is said. Of a TuneSpec the
/// recipe itself is in no argument: `recipeFile` has to hold it.
std::vector<std::string> argumentsOf(const TuneSpec& spec);
std::vector<std::string> argumentsOf(const PruneSpec& spec);
std::vector<std::string> argumentsOf(const ExportSpec& spec);

/// One word for a POSIX shell, in quotes where it needs them.
std::string shellWord(const std::string& text);
/// "espalier-cli …" in one line.
std::string commandLine(const std::vector<std::string>& arguments);

}  // namespace espalier::project
