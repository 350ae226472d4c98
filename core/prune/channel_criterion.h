// SPDX-License-Identifier: GPL-3.0-or-later
// The criteria by which channels are ranked. Higher score = keep.
#pragma once

#include <span>
#include <string_view>

#include "core/base/result.h"
#include "core/prune/criterion.h"

namespace espalier::prune {

/// All channel criteria, random among them, in the order they are offered.
std::span<const CriterionInfo> channelCriteria();

/// Errors: BadArgument, listing the known names.
Result<CriterionInfo> findChannelCriterion(std::string_view name);

}  // namespace espalier::prune
