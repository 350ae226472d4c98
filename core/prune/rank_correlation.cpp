// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/rank_correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace espalier::prune {

namespace {

/// 0 for the lowest; equal ones share their mean. Less the mean of all ranks.
std::vector<double> centredRanks(std::span<const double> scores) {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, {}, [&](std::size_t i) { return scores[i]; });
    const double middle = (static_cast<double>(scores.size()) - 1) / 2;
    std::vector<double> ranks(scores.size());
    for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
        while (last < order.size() && scores[order[last]] == scores[order[first]]) ++last;
        const double shared = (static_cast<double>(first) + static_cast<double>(last) - 1) / 2;
        for (std::size_t i = first; i < last; ++i) ranks[order[i]] = shared - middle;
    }
    return ranks;
}

double product(const std::vector<double>& a, const std::vector<double>& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

std::optional<double> rankCorrelation(std::span<const double> a, std::span<const double> b) {
    if (a.size() != b.size() || a.size() < 2) return std::nullopt;
    const auto left = centredRanks(a);
    const auto right = centredRanks(b);
    const double scale = std::sqrt(product(left, left) * product(right, right));
    if (!(scale > 0)) return std::nullopt;
    return product(left, right) / scale;
}

}  // namespace espalier::prune
