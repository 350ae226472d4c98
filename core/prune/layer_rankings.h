// SPDX-License-Identifier: GPL-3.0-or-later
// How alike two criteria rank the weights of one layer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/prune/plan.h"
#include "core/prune/scores.h"

namespace espalier::prune {

struct RankingsCompared {
    std::optional<double> correlation;  ///< Spearman's; none where one finds all weights alike
    std::int64_t weights = 0;           ///< that were looked at

    bool operator==(const RankingsCompared&) const = default;
};

/// The plan's criterion against `other` on the weights of `layer` that the file has not removed;
/// of more than a million every so-manieth. What measured criteria have found is in `scores`, for
/// the samples that the plan names. Sorts twice: about a second for a million weights.
/// Errors: BadArgument (an unknown criterion, or one with data whose scores are not there),
/// Mismatch (a criterion that says nothing about this layer, and why), Damaged (NaN), Cancelled.
Result<RankingsCompared> compareRankings(const model::Snapshot& snapshot, model::LayerId layer,
                                         const Plan& plan, const std::string& other,
                                         const ScoreCache& scores, RunControl& control);

}  // namespace espalier::prune
