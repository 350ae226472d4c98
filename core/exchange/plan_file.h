// SPDX-License-Identifier: GPL-3.0-or-later
// Plans as files: *.espalier-plan.json, version 1.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/prune/plan.h"

namespace espalier::exchange {

/// Indented JSON; every key of the format is there.
std::string planToJson(const prune::Plan& plan);

/// Errors: BadArgument, naming the key: no JSON, another format or version, an unknown key, two
/// rules in one entry, a value out of range.
Result<prune::Plan> planFromJson(std::string_view text);

Result<prune::Plan> readPlan(const std::filesystem::path& path);
Result<void> writePlan(const prune::Plan& plan, const std::filesystem::path& path);

}  // namespace espalier::exchange
