// SPDX-License-Identifier: GPL-3.0-or-later
// Which channels a plan has removed on its way.
#pragma once

#include <functional>
#include <vector>

#include "core/base/result.h"
#include "core/prune/channel_choice.h"
#include "core/prune/plan.h"

namespace espalier::train {

/// The share of what is to go that is gone, of something that ends at this sparsity.
using ShareOf = std::function<double(double sparsity)>;

/// The channels that stay at such a moment: of each group as many have gone as `share` says of what
/// `whole`, the plan's own choice, takes from it.
///
/// First those that `before` (may be null) has removed, then those marked to go, then by `scores`
/// (by group, then by channel, as prune::ChannelScores has them) from the lowest, ties by index;
/// those marked to stay do. A group without scores loses the channels that `whole` takes, by index.
/// Errors: those of marks.
Result<prune::ChannelChoicePtr> stagedChannels(const prune::ChannelChoice& whole,
                                               const prune::Plan& plan,
                                               const std::vector<std::vector<double>>& scores,
                                               const prune::ChannelChoice* before,
                                               const ShareOf& share);

}  // namespace espalier::train
