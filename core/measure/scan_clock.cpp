// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/scan_clock.h"

#include <algorithm>

namespace espalier::measure {

namespace {

constexpr int kUsualLevels = 7;  // four coarse ones, and two or three at the knee
constexpr double kFade = 0.8;    // what a measurement counts beside the one after it

}  // namespace

ScanClock::ScanClock(std::vector<double> shares, KneeSearch::Levels levels) {
    const int expected = levels == KneeSearch::Levels::All ? kLevelCount : kUsualLevels;
    for (const double share : shares) m_targets.push_back({share, 0, expected});
}

void ScanClock::measured(double share, double seconds) {
    const double kept = ++m_measured == 2 ? 0 : kFade;
    m_share = kept * m_share + share;
    m_seconds = kept * m_seconds + seconds;
}

void ScanClock::levelKnown(std::size_t target) {
    auto& own = m_targets[target];
    ++own.known;
    own.expected = std::max(own.expected, own.known);
}

void ScanClock::targetDone(std::size_t target) {
    m_targets[target].expected = m_targets[target].known;
}

int ScanClock::levelsLeft(std::size_t target) const {
    return m_targets[target].expected - m_targets[target].known;
}

double ScanClock::secondsLeft() const {
    if (m_share <= 0) return -1;
    double left = 0;
    for (std::size_t i = 0; i < m_targets.size(); ++i) left += m_targets[i].share * levelsLeft(i);
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
