// SPDX-License-Identifier: GPL-3.0-or-later
// How each allocation turns one number, its strength, into rules.
#pragma once

#include <functional>

#include "core/prune/goal.h"

namespace espalier::prune {

/// One way to spread a request. More strength removes more, or as much.
struct Spread {
    double most = 1;  ///< the largest strength
    std::function<Result<Plan>(double strength)> plan;
    std::function<std::string(const std::string& name, double strength)> why;
};

/// Of a Drop, curves are read at their measured levels alone. Errors: BadArgument, Mismatch, as
/// planFor. What it returns refers to its arguments.
Result<Spread> spreadBy(Quantity quantity, const GoalOptions& options,
                        const model::Snapshot& snapshot, const Plan& base,
                        const ChannelFacts& channels, RunControl& control);

/// The most that was lost at any measured level; 0 when nothing was.
double largestDrop(const std::map<std::string, DropCurve>& curves);

}  // namespace espalier::prune
