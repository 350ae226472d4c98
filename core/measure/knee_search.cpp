// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/knee_search.h"

#include <algorithm>

namespace espalier::measure {

namespace {

constexpr std::array kCoarse{4, 9, 14, 18};
constexpr double kHopeless = 10;    // times the allowed drop
constexpr double kClose = 0.75;     // of the allowed drop
constexpr double kRounding = 1e-9;  // 0.9875 − 0.9775 is a little more than 0.01

bool exceeds(double drop, double allowed) {
    return !(drop <= allowed + kRounding);  // NaN does
}

}  // namespace

double sparsityOfLevel(int level) {
    return (level + 1) / 20.0;
}

std::optional<int> largestWithin(const Drops& drops, double maxDrop) {
    std::optional<int> largest;
    for (int level = 0; level < kLevelCount; ++level) {
        const auto& drop = drops[static_cast<std::size_t>(level)];
        if (!drop) continue;
        if (exceeds(*drop, maxDrop)) break;
        largest = level;
    }
    return largest;
}

std::optional<int> KneeSearch::next() const {
    if (const auto coarse = nextCoarse()) return coarse;
    if (m_levels == Levels::ToKnee) return nextAtKnee();
    const auto missing =
        std::ranges::find_if(m_drops, [](const auto& drop) { return !drop.has_value(); });
    if (missing == m_drops.end()) return std::nullopt;
    return static_cast<int>(missing - m_drops.begin());
}

std::optional<int> KneeSearch::nextCoarse() const {
    for (const int level : kCoarse) {
        if (!drop(level)) return level;
        const bool isHopeless = exceeds(*drop(level), kHopeless * m_maxDrop);
        if (isHopeless && m_levels == Levels::ToKnee) return std::nullopt;
    }
    return std::nullopt;
}

std::optional<int> KneeSearch::nextAtKnee() const {
    int good = -1;
    int knee = 0;
    for (; knee < kLevelCount; ++knee) {
        if (!drop(knee)) continue;
        if (exceeds(*drop(knee), m_maxDrop)) break;
        good = knee;
    }
    if (knee - good > 1) return good + (knee - good) / 2;
    return nextInDoubt(knee);
}

/// The drops between two measured levels are taken to lie on a line; without pruning it is 0.
std::optional<int> KneeSearch::nextInDoubt(int knee) const {
    int before = -1;
    for (int level = 0; level < knee; ++level) {
        if (drop(level)) {
            before = level;
            continue;
        }
        int after = level + 1;
        while (after < knee && !drop(after)) ++after;
        if (after >= knee) break;
        const double low = before < 0 ? 0 : *drop(before);
        const double share = static_cast<double>(level - before) / (after - before);
        if (low + share * (*drop(after) - low) > kClose * m_maxDrop) return level;
    }
    return std::nullopt;
}

}  // namespace espalier::measure
