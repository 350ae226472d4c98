// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/scan_clock.h"

#include <algorithm>

namespace espalier::measure {

namespace {

constexpr int kUsualLevels = 7;  // four coarse ones, and two or three at the knee

}  // namespace

ScanClock::ScanClock(std::vector<double> shares, KneeSearch::Levels levels) {
    const int expected = levels == KneeSearch::Levels::All ? kLevelCount : kUsualLevels;
    for (const double share : shares) m_targets.push_back({share, 0, expected});
}

void ScanClock::measured(double share, double seconds) {
    m_share += share;
    m_seconds += seconds;
}

void ScanClock::levelKnown(std::size_t target) {
    auto& own = m_targets[target];
    ++own.known;
    own.expected = std::max(own.expected, own.known);
}

void ScanClock::targetDone(std::size_t target) {
    m_targets[target].expected = m_targets[target].known;
}

double ScanClock::secondsLeft() const {
    if (m_share <= 0) return -1;
    double left = 0;
    for (const auto& target : m_targets) left += target.share * (target.expected - target.known);
    return left * m_seconds / m_share;
}

std::int64_t ScanClock::levelsKnown() const {
    std::int64_t sum = 0;
    for (const auto& target : m_targets) sum += target.known;
    return sum;
}

std::int64_t ScanClock::levelsExpected() const {
    std::int64_t sum = 0;
    for (const auto& target : m_targets) sum += target.expected;
    return sum;
}

}  // namespace espalier::measure
