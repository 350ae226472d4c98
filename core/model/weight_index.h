// SPDX-License-Identifier: GPL-3.0-or-later
// Exact answers about a weight tensor, in microseconds: how many lie under a threshold, where a
// sparsity's cut is, histograms of any range. Two bytes a weight for 32-bit floats.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/model/snapshot.h"

namespace espalier::model {

/// Counts per bin of equal width over [low, high); the last bin includes `high`.
struct Histogram {
    double low = 0;
    double high = 0;
    std::vector<std::int64_t> counts;
    std::int64_t below = 0;  ///< values under `low`
    std::int64_t above = 0;  ///< values over `high`

    bool operator==(const Histogram&) const = default;
};

/// Of the weights that the base mask keeps. Exact zeros among them are counted, and are in mean and
/// sigma.
struct WeightStatistics {
    std::int64_t count = 0;  ///< weights in the tensor
    std::int64_t baseRemoved =
        0;                   ///< already removed by the base mask; in none of the figures below
    std::int64_t zeros = 0;  ///< exactly zero, not by the base mask
    double min = 0;
    double max = 0;
    double mean = 0;
    double sigma = 0;  ///< population standard deviation
    double maxMagnitude = 0;

    bool operator==(const WeightStatistics&) const = default;
};

/// Two passes over the weight, in double precision. Errors: as indexWeights.
Result<WeightStatistics> weightStatistics(const Snapshot& snapshot, LayerId layer,
                                          RunControl& control);

/// Built once per layer in a job; then immutable and thread-safe.
class WeightIndex {
public:
    struct Data;  // torch-free, in weight_index.cpp
    explicit WeightIndex(std::shared_ptr<const Data> data);

    const WeightStatistics& statistics() const;

    /// How many kept weights have |w| < threshold. Strict. About 20 µs at 100 M weights.
    std::int64_t countBelow(double threshold) const;
    /// The k-th smallest |w| of the kept weights, k from 0; infinity when k is past the last.
    double kthMagnitude(std::int64_t k) const;
    /// |w| under which a share `q` (0..1) of the kept weights lies: the floor(q * n)-th smallest,
    /// at most the largest. 0 when no weight is kept.
    double magnitudeQuantile(double q) const;

    /// Exact counts over [low, high] of |w|, exact zeros left out (the statistics have them).
    Histogram magnitudeHistogram(double low, double high, int bins) const;
    /// Exact counts over [low, high] of w, exact zeros left out.
    Histogram signedHistogram(double low, double high, int bins) const;

private:
    std::shared_ptr<const Data> m_data;
};

/// Indexes one layer's weight; NaN and infinite weights are an error that names the layer. About 1
/// s per 100 M weights.
Result<WeightIndex> indexWeights(const Snapshot& snapshot, LayerId layer, RunControl& control);

}  // namespace espalier::model
