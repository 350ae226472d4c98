// SPDX-License-Identifier: GPL-3.0-or-later
// How a channel criterion is written: one file per criterion, one line in the table of
// channel_criterion.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/base/result.h"
#include "core/channels/groups.h"
#include "core/prune/criterion.h"
#include "core/prune/scores_torch.h"

namespace espalier::prune {

/// One score per channel, as one member of the group sees it.
using MemberScores = std::vector<double>;

/// What a criterion judges one group by.
struct ChannelInput {
    const channels::ChannelGroups& groups;
    const channels::Group& group;
    std::uint64_t seed = 0;
    bool withConsumers = false;
    RunControl& control;
    ScoresPtr measured = nullptr;  ///< where the criterion needs data
};

struct ChannelCriterion {
    CriterionInfo info;
    /// The scores that the members give, for the caller to reduce; none when the criterion says
    /// nothing about this group. Errors: Damaged, Cancelled.
    Result<std::vector<MemberScores>> (*scores)(const ChannelInput& input) = nullptr;
};

/// Errors: BadArgument, listing the known names.
Result<const ChannelCriterion*> findCriterionOfChannels(std::string_view name);

/// The members that compute the group's channels from floating-point weights; where there are none,
/// those that scale them, else those that read them.
std::vector<const channels::Member*> producersOf(const ChannelInput& input);

/// The members that read the channels with floating-point weights.
std::vector<const channels::Member*> consumersOf(const ChannelInput& input);

/// The member's tensor as a matrix whose row p is what lies at position p of the member's axis:
/// [positions, rest]. Errors: Failed, when the model does not have it.
Result<at::Tensor> slicesOf(const ChannelInput& input, const channels::Member& member);

/// Errors: Damaged, naming the member, when sums over its numbers tell that some are NaN or
/// infinite.
Result<void> checkFinite(const ChannelInput& input, const channels::Member& member,
                         const std::vector<double>& sums);

/// Per channel the sum of what its positions have. `perPosition` by position on the member's axis.
std::vector<double> sumsOverPositions(const channels::Member& member,
                                      const std::vector<double>& perPosition);

ChannelCriterion randomChannels();
ChannelCriterion l1Channels();
ChannelCriterion l2Channels();
ChannelCriterion bnScaleChannels();
ChannelCriterion fpgmChannels();

// Measured on data (core/measure).
ChannelCriterion taylorChannels();
ChannelCriterion gradientChannels();
ChannelCriterion fisherChannels();
ChannelCriterion wandaChannels();
ChannelCriterion activationChannels();
ChannelCriterion apozChannels();

}  // namespace espalier::prune
