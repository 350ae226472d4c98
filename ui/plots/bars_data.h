// SPDX-License-Identifier: GPL-3.0-or-later
// Channels with their scores, and the arithmetic of a cut between those that stay and those that
// go.
#pragma once

#include <QString>
#include <cstdint>
#include <span>
#include <vector>

#include "ui/plots/plot_math.h"

namespace espalier::plots {

/// What a person said about one channel, whatever its score.
enum class BarMark { None, Keep, Remove };

/// How bars stand side by side: best first, or as the channels are numbered.
enum class BarOrder { Score, Channel };

/// The scores of one criterion, one per channel; higher stays.
struct BarSeries {
    QString name;  ///< "l2"
    std::vector<double> scores;

    bool operator==(const BarSeries&) const = default;
};

/// One bar per channel. All vectors but `series` have that size, or are empty.
struct ChannelBars {
    QString name;                   ///< "layer1.0.conv1"
    std::vector<BarSeries> series;  ///< the first makes the bars and the rank, others are compared
    std::vector<std::int64_t> numbers;  ///< what people call the channels; empty: 0, 1, 2 …
    std::vector<BarMark> marks;         ///< empty: none
    std::vector<bool> kept;             ///< what stays; empty: as the cut and the marks say

    int count() const;
    std::int64_t number(int channel) const;
    BarMark mark(int channel) const;
    bool operator==(const ChannelBars&) const = default;
};

/// Channels from best to worst. Equal scores: the lower index goes first, so it ranks last; NaN
/// ranks below all.
std::vector<int> rankedChannels(std::span<const double> scores);
/// Per channel its place in `ranked`, from 0.
std::vector<int> ranksOf(std::span<const int> ranked);

/// The `keep` best, unless a mark says otherwise.
std::vector<bool> keptByCut(const ChannelBars& bars, std::span<const int> ranked, int keep);

/// None, keep, remove, none …
BarMark nextMark(BarMark mark);

/// Where a line between kept and removed scores lies when the `keep` best stay.
double thresholdBetween(std::span<const double> scores, std::span<const int> ranked, int keep);
/// How many scores are at or above `threshold`.
int countFrom(std::span<const double> scores, double threshold);

/// `scores` stretched so that their largest is `top`: for comparing criteria of different units.
std::vector<double> stretchedTo(std::span<const double> scores, double top);

/// A staircase of bars at 0, 1, 2 …, each `width` wide and up to its height; a bar whose `shown` is
/// false is left out.
Points barSteps(std::span<const double> heights, const std::vector<bool>& shown, double width);

}  // namespace espalier::plots
