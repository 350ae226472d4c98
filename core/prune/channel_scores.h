// SPDX-License-Identifier: GPL-3.0-or-later
// One score per channel of every group.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/channels/groups.h"
#include "core/prune/plan.h"
#include "core/prune/scores.h"

namespace espalier::prune {

/// What scores depend on, beside the weights.
struct ChannelScoreOptions {
    std::string criterion = "l2";
    Reduction reduce = Reduction::Mean;
    std::uint64_t seed = 0;      ///< looked at by "random" and by criteria that need data
    bool withConsumers = false;  ///< looked at by "l1" and "l2" alone
    std::string data{};          ///< slice; looked at by criteria that need data

    bool operator==(const ChannelScoreOptions&) const = default;
};

/// What the plan asks channels to be ranked by.
ChannelScoreOptions scoreOptions(const Plan& plan);

/// By GroupId, then by channel; higher = keep. 0 for channels whose producers' weights are all
/// removed already. A group that the criterion says nothing about has no scores.
struct ChannelScores {
    ChannelScoreOptions options;
    std::vector<std::vector<double>> groups;

    bool operator==(const ChannelScores&) const = default;
};
using ChannelScoresPtr = std::shared_ptr<const ChannelScores>;

/// Scores of all groups, locked ones too. Deterministic in (weights, options, keys). Reads each
/// producer's weight once: about 100 ms per million weights for fpgm, 2 ms for the others.
/// `measured` are the scores at hand, for criteria that need data. Errors: BadArgument for an
/// unknown criterion, and for one whose scores are not at hand; Damaged, naming the parameter, when
/// weights are NaN or infinite; Cancelled.
Result<ChannelScoresPtr> channelScores(const channels::ChannelGroups& groups,
                                       const ChannelScoreOptions& options, RunControl& control,
                                       const ScoreCache& measured = {});

/// Scores of one group alone, for looking at it by several criteria.
Result<std::vector<double>> channelScores(const channels::ChannelGroups& groups,
                                          channels::GroupId group,
                                          const ChannelScoreOptions& options, RunControl& control,
                                          const ScoreCache& measured = {});

/// The same scores, comparable with those of other groups. Exact zeros stay lowest: −infinity.
std::vector<double> normalised(const std::vector<double>& scores, Normalisation normalisation);

/// Channels from the first to go to the last: by score, then by index.
std::vector<std::int64_t> rankedChannels(const std::vector<double>& scores);

}  // namespace espalier::prune
