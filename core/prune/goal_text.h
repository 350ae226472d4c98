// SPDX-License-Identifier: GPL-3.0-or-later
// Goals as people write them: "macs=50%", "bytes=5MB".
#pragma once

#include <string>
#include <string_view>

#include "core/prune/goal.h"

namespace espalier::prune {

/// How much of a quantity may be left.
struct GoalText {
    Quantity quantity = Quantity::NonZeros;
    std::string amount{};  ///< as targetOf takes it

    bool operator==(const GoalText&) const = default;
};

/// "bytes=5MB", "macs=50%". Errors: BadArgument, listing the quantities that can be counted; those
/// of an amount that cannot be read.
Result<GoalText> parseGoal(std::string_view text);
std::string toString(const GoalText& goal);  ///< as parseGoal takes it

/// The share of the dense model's quantity, 0..1, that an amount is: "50%" and "0.5" of it, or so
/// much, with k, M, G (powers of 1000) or Ki, Mi (of 1024), and a B after bytes: "5MB", "1.2M".
/// Units are read in any case, and spaces are passed by. More than the dense model has is all of
/// it. Errors: BadArgument.
Result<double> targetOf(std::string_view amount, Quantity quantity, Structure structure,
                        const model::Snapshot& snapshot);

}  // namespace espalier::prune
