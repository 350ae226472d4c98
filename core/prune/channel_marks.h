// SPDX-License-Identifier: GPL-3.0-or-later
// What marks and rules mean on one group: for channel_choice and channel_check.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "core/channels/groups.h"
#include "core/prune/channel_plan.h"

namespace espalier::prune {

/// The channel that owns output `output` of the group's key; none when no channel does.
std::optional<std::int64_t> channelOfOutput(const channels::Group& group, std::int64_t output);

enum class Mark { None, Keep, Remove };

/// Per channel its mark. Errors: BadArgument, naming key and index: an index that is none of the
/// key's outputs, or a channel marked both ways.
Result<std::vector<Mark>> marksOf(const channels::Group& group, const ChannelMarks& marks);

/// Channels to keep when the rule alone decides, floors left out; none for a threshold, which
/// depends on scores.
std::optional<std::int64_t> requestedCount(const ChannelRule& rule, std::int64_t width);

/// The least that a ratio or a threshold leaves of a group: its share of the width, at least 1.
std::int64_t floorCount(double floor, std::int64_t width);

/// Channels of a group come in steps of this, so that its producer's width is a multiple of
/// `multipleOf`.
std::int64_t channelStep(const channels::Group& group, std::int64_t multipleOf);

}  // namespace espalier::prune
