// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/bars_data.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace espalier::plots {

namespace {

double ordered(double score) {
    return std::isnan(score) ? -INFINITY : score;
}

}  // namespace

int ChannelBars::count() const {
    return series.empty() ? 0 : static_cast<int>(series.front().scores.size());
}

std::int64_t ChannelBars::number(int channel) const {
    const auto i = static_cast<std::size_t>(channel);
    return i < numbers.size() ? numbers[i] : channel;
}

BarMark ChannelBars::mark(int channel) const {
    const auto i = static_cast<std::size_t>(channel);
    return i < marks.size() ? marks[i] : BarMark::None;
}

std::vector<int> rankedChannels(std::span<const double> scores) {
    std::vector<int> ranked(scores.size());
    std::iota(ranked.begin(), ranked.end(), 0);
    std::ranges::sort(ranked, [scores](int a, int b) {
        const double left = ordered(scores[static_cast<std::size_t>(a)]);
        const double right = ordered(scores[static_cast<std::size_t>(b)]);
        return left == right ? a > b : left > right;
    });
    return ranked;
}

std::vector<int> ranksOf(std::span<const int> ranked) {
    std::vector<int> ranks(ranked.size());
    for (std::size_t rank = 0; rank < ranked.size(); ++rank)
        ranks[static_cast<std::size_t>(ranked[rank])] = static_cast<int>(rank);
    return ranks;
}

std::vector<bool> keptByCut(const ChannelBars& bars, std::span<const int> ranked, int keep) {
    std::vector<bool> kept(ranked.size());
    for (std::size_t rank = 0; rank < ranked.size(); ++rank) {
        const int channel = ranked[rank];
        const BarMark mark = bars.mark(channel);
        const bool isBest = static_cast<int>(rank) < keep;
        kept[static_cast<std::size_t>(channel)] =
            mark == BarMark::Keep || (isBest && mark != BarMark::Remove);
    }
    return kept;
}

BarMark nextMark(BarMark mark) {
    switch (mark) {
        case BarMark::None:
            return BarMark::Keep;
        case BarMark::Keep:
            return BarMark::Remove;
        case BarMark::Remove:
            break;
    }
    return BarMark::None;
}

double thresholdBetween(std::span<const double> scores, std::span<const int> ranked, int keep) {
    const auto scoreAt = [&](int rank) {
        const double score =
            scores[static_cast<std::size_t>(ranked[static_cast<std::size_t>(rank)])];
        return std::isfinite(score) ? score : 0;
    };
    const int count = static_cast<int>(ranked.size());
    if (count == 0) return 0;
    if (keep >= count) return std::min(0.0, scoreAt(count - 1));
    if (keep <= 0) return scoreAt(0);
    return (scoreAt(keep - 1) + scoreAt(keep)) / 2;
}

int countFrom(std::span<const double> scores, double threshold) {
    return static_cast<int>(
        std::ranges::count_if(scores, [threshold](double score) { return score >= threshold; }));
}

std::vector<double> stretchedTo(std::span<const double> scores, double top) {
    double largest = 0;
    for (const double score : scores) {
        if (std::isfinite(score)) largest = std::max(largest, score);
    }
    std::vector<double> stretched(scores.begin(), scores.end());
    if (!(largest > 0)) return stretched;
    for (double& score : stretched) score *= top / largest;
    return stretched;
}

Points barSteps(std::span<const double> heights, const std::vector<bool>& shown, double width) {
    Points steps;
    double end = NAN;  // where the last bar ended, if the next begins there
    for (std::size_t i = 0; i < heights.size(); ++i) {
        if (!shown[i]) continue;
        const double left = static_cast<double>(i) - width / 2;
        const double right = left + width;
        if (left != end && !steps.x.empty()) {
            steps.x.push_back(end);
            steps.y.push_back(0);
        }
        steps.x.push_back(left);
        steps.y.push_back(std::isfinite(heights[i]) ? heights[i] : 0);
        end = right;
    }
    if (!steps.x.empty()) {
        steps.x.push_back(end);
        steps.y.push_back(0);
    }
    return steps;
}

}  // namespace espalier::plots
