// SPDX-License-Identifier: GPL-3.0-or-later
// Which of several models nobody would give up for another: the Pareto front.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace espalier::project {

struct ParetoPoint {
    double cost = 0;     ///< less is better
    double quality = 0;  ///< more is better
    bool operator==(const ParetoPoint&) const = default;
};

/// Indices of the points that no other one beats, by ascending cost: none is as cheap and better,
/// or as good and cheaper. Of equal points the first stands for all; NaN is passed over.
std::vector<std::size_t> paretoFront(std::span<const ParetoPoint> points);

}  // namespace espalier::project
