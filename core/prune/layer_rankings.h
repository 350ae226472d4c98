// SPDX-License-Identifier: GPL-3.0-or-later
// How alike two criteria rank the weights of one layer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/prune/plan.h"
#include "core/prune/scores.h"

namespace espalier::prune {

/// Orders are told in twentieths.
inline constexpr int kRankParts = 20;

struct RankingsCompared {
    std::optional<double> correlation;  ///< Spearman's; none where one finds all weights alike
    std::int64_t weights = 0;           ///< that were looked at
    /// [kRankParts, kRankParts], how many weights stand in which twentieth of the order by `other`
    /// (rows) and by the plan's criterion (columns); the lowest, which go first, in 0. Equal ones
    /// by index.
    std::vector<std::int64_t> together{};

    bool operator==(const RankingsCompared&) const = default;
};

/// Of the `parts` lowest twentieths of one order, the share that is among those of the other: 0..1.
double sharedOfLowest(const RankingsCompared& compared, int parts);

/// The plan's criterion against `other` on the weights of `layer` that the file has not removed;
/// of more than a million every so-manieth. What measured criteria have found is in `scores`, for
/// the samples that the plan names. Sorts four times: two seconds for a million weights.
/// Errors: BadArgument (an unknown criterion, or one with data whose scores are not there),
/// Mismatch (a criterion that says nothing about this layer, and why), Damaged (NaN), Cancelled.
Result<RankingsCompared> compareRankings(const model::Snapshot& snapshot, model::LayerId layer,
                                         const Plan& plan, const std::string& other,
                                         const ScoreCache& scores, RunControl& control);

}  // namespace espalier::prune
