// SPDX-License-Identifier: GPL-3.0-or-later
// One tensor's histogram and the cut through it, as values and free functions.
#pragma once

#include <QString>
#include <cstdint>
#include <vector>

#include "ui/plots/plot_math.h"

namespace espalier::plots {

/// Exact counts of all values of one tensor in uniform bins. Exact zeros are counted apart.
struct HistogramData {
    QString name;                      ///< "fc1.weight"
    Range edges{0, 0};                 ///< left edge of the first bin, right edge of the last
    std::vector<std::int64_t> counts;  ///< per bin, without exact zeros
    /// per bin, for criteria other than magnitude; empty: the cut says it
    std::vector<std::int64_t> removed;
    std::int64_t zeros = 0;  ///< exact zeros
    double minimum = 0;
    double maximum = 0;
    Range robust{0, 0};  ///< 0.1 % to 99.9 % quantile; empty: derived from the bins

    std::int64_t total() const;
    double binWidth() const;
    double binLeft(std::size_t bin) const;
    /// The bin that holds `value`, -1 outside. The last bin holds its right edge.
    int binOf(double value) const;
    bool operator==(const HistogramData&) const = default;
};

/// The two views of one tensor: |w| from 0 up, and w.
struct TensorHistogram {
    HistogramData magnitude;
    HistogramData signedValues;
    bool operator==(const TensorHistogram&) const = default;
};

enum class HistogramMode { Magnitude, Signed };
enum class CountScale { Linear, Log };
enum class ValueRange { Robust, Full };

/// What a cut at some threshold removes, exactly.
struct CutReadout {
    std::int64_t removed = 0;
    double sparsity = 0;  ///< 0 to 1
    bool operator==(const CutReadout&) const = default;
};

/// |w| bins from signed bins whose edges are symmetric about 0 with an even number of bins; empty
/// otherwise.
HistogramData foldedToMagnitude(const HistogramData& signedValues);
/// `data.robust`, or the bins between which all but `tail` of the values on each side lie. Always
/// holds 0 for magnitudes (edges.lower >= 0).
Range robustRange(const HistogramData& data, double tail = 0.001);
/// The range of values that `range` shows, never empty.
Range shownRange(const HistogramData& data, ValueRange range);
/// Height of the count axis: linear from 0, log from 0.5, the spike of exact zeros left out.
Range countRange(const HistogramData& data, CountScale scale);

/// A staircase for a step graph (level of the left point): left edges and a last point of height 0.
Points stepsOf(const HistogramData& data, const std::vector<std::int64_t>& counts);
/// The part of a staircase between two values, cut exactly there. Empty when it has no width.
Points clippedSteps(const Points& steps, double from, double to);

/// Largest useful threshold: just above the largest magnitude, where everything is removed.
double largestCut(const TensorHistogram& data);
/// `threshold` moved by `bins` bins of the magnitude histogram, within [0, largestCut].
double steppedCut(const TensorHistogram& data, double threshold, int bins);
/// `threshold` as a number within [0, largestCut]; NaN becomes 0.
double clampedCut(const TensorHistogram& data, double threshold);
/// Nearest multiple of `step` in [0, 1].
double snappedSparsity(double sparsity, double step = 0.1);
/// What a threshold removes as far as the bins can tell (|w| < threshold, linear within a bin).
CutReadout estimatedCut(const HistogramData& magnitude, double threshold);
/// The threshold with that sparsity as far as the bins can tell.
double estimatedThreshold(const HistogramData& magnitude, double sparsity);

}  // namespace espalier::plots
