// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/plots/histogram_data.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace espalier::plots {

namespace {

std::int64_t sumOf(const std::vector<std::int64_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

}  // namespace

std::int64_t HistogramData::total() const {
    return sumOf(counts) + zeros;
}

double HistogramData::binWidth() const {
    return counts.empty() ? 0 : edges.size() / static_cast<double>(counts.size());
}

double HistogramData::binLeft(std::size_t bin) const {
    // Not lower + bin × width: the last edge must be the upper edge to the last bit.
    const double share =
        counts.empty() ? 0 : static_cast<double>(bin) / static_cast<double>(counts.size());
    return edges.lower + edges.size() * share;
}

int HistogramData::binOf(double value) const {
    if (counts.empty() || !(edges.size() > 0) || !edges.contains(value)) return -1;
    const double bin = std::floor((value - edges.lower) / binWidth());
    return static_cast<int>(std::min(bin, static_cast<double>(counts.size() - 1)));
}

HistogramData foldedToMagnitude(const HistogramData& signedValues) {
    const std::size_t bins = signedValues.counts.size();
    const Range edges = signedValues.edges;
    if (bins % 2 != 0 || std::abs(edges.lower + edges.upper) > 1e-9 * edges.size()) return {};
    HistogramData folded = signedValues;
    folded.edges = {0, edges.upper};
    folded.robust = {0, 0};
    folded.minimum = 0;
    folded.maximum = std::max(std::abs(signedValues.minimum), std::abs(signedValues.maximum));
    const auto fold = [bins](const std::vector<std::int64_t>& counts) {
        std::vector<std::int64_t> halves(counts.size() / 2);
        for (std::size_t i = 0; i < halves.size(); ++i) {
            halves[i] = counts[bins / 2 + i] + counts[bins / 2 - 1 - i];
        }
        return halves;
    };
    folded.counts = fold(signedValues.counts);
    folded.removed = fold(signedValues.removed);
    return folded;
}

Range robustRange(const HistogramData& data, double tail) {
    if (data.robust.size() > 0) return data.robust;
    const double drop = tail * static_cast<double>(sumOf(data.counts));
    std::size_t first = 0;
    std::size_t last = data.counts.size();
    if (drop > 0) {
        double below = 0;
        while (first < last && (below += static_cast<double>(data.counts[first])) <= drop) ++first;
        double above = 0;
        while (last > first + 1 && (above += static_cast<double>(data.counts[last - 1])) <= drop)
            --last;
    }
    const double lower = data.edges.lower >= 0 ? data.edges.lower : data.binLeft(first);
    return {lower, data.binLeft(last)};
}

Range shownRange(const HistogramData& data, ValueRange range) {
    return usable(range == ValueRange::Robust ? robustRange(data) : data.edges);
}

Range countRange(const HistogramData& data, CountScale scale) {
    const auto highest = std::max_element(data.counts.begin(), data.counts.end());
    const double top = highest == data.counts.end() ? 0 : static_cast<double>(*highest);
    if (scale == CountScale::Log) return {0.5, std::max(10.0, top * 2)};
    return {0, std::max(1.0, top * 1.08)};
}

Points stepsOf(const HistogramData& data, const std::vector<std::int64_t>& counts) {
    Points steps;
    if (counts.empty() || !(data.edges.size() > 0)) return steps;
    steps.x.reserve(counts.size() + 1);
    steps.y.reserve(counts.size() + 1);
    for (std::size_t i = 0; i < counts.size(); ++i) {
        steps.x.push_back(data.binLeft(i));
        steps.y.push_back(static_cast<double>(counts[i]));
    }
    steps.x.push_back(data.edges.upper);
    steps.y.push_back(0);
    return steps;
}

Points clippedSteps(const Points& steps, double from, double to) {
    Points clipped;
    if (steps.size() < 2) return clipped;
    from = std::max(from, steps.x.front());
    to = std::min(to, steps.x.back());
    if (!(from < to)) return clipped;
    const auto after = std::upper_bound(steps.x.begin(), steps.x.end(), from);
    auto i = static_cast<std::size_t>(after - steps.x.begin());
    clipped.x.push_back(from);
    clipped.y.push_back(steps.y[i - 1]);
    for (; i < steps.size() && steps.x[i] < to; ++i) {
        clipped.x.push_back(steps.x[i]);
        clipped.y.push_back(steps.y[i]);
    }
    clipped.x.push_back(to);
    clipped.y.push_back(0);
    return clipped;
}

double largestCut(const TensorHistogram& data) {
    const double largest = std::max({data.magnitude.maximum, data.magnitude.edges.upper, 0.0});
    // The rule is strict (|w| < t) and thresholds are compared as floats.
    return std::nextafter(static_cast<float>(largest), std::numeric_limits<float>::max());
}

double steppedCut(const TensorHistogram& data, double threshold, int bins) {
    return clampedCut(data, clampedCut(data, threshold) + bins * data.magnitude.binWidth());
}

double clampedCut(const TensorHistogram& data, double threshold) {
    if (std::isnan(threshold)) return 0;
    return std::clamp(threshold, 0.0, largestCut(data));
}

double snappedSparsity(double sparsity, double step) {
    if (!(step > 0)) return std::clamp(sparsity, 0.0, 1.0);
    return std::clamp(std::round(sparsity / step) * step, 0.0, 1.0);
}

CutReadout estimatedCut(const HistogramData& magnitude, double threshold) {
    CutReadout readout;
    const std::int64_t total = magnitude.total();
    if (total == 0 || !(threshold > 0)) return readout;
    double removed = static_cast<double>(magnitude.zeros);
    for (std::size_t i = 0; i < magnitude.counts.size(); ++i) {
        const double left = magnitude.binLeft(i);
        if (left >= threshold) break;
        const double width = magnitude.binWidth();
        const double share = width > 0 ? std::min(1.0, (threshold - left) / width) : 1.0;
        removed += share * static_cast<double>(magnitude.counts[i]);
    }
    readout.removed = std::llround(removed);
    readout.sparsity = removed / static_cast<double>(total);
    return readout;
}

double estimatedThreshold(const HistogramData& magnitude, double sparsity) {
    const double wanted = std::clamp(sparsity, 0.0, 1.0) * static_cast<double>(magnitude.total());
    double removed = static_cast<double>(magnitude.zeros);
    if (wanted <= removed) return magnitude.edges.lower;
    for (std::size_t i = 0; i < magnitude.counts.size(); ++i) {
        const auto count = static_cast<double>(magnitude.counts[i]);
        if (count > 0 && removed + count >= wanted) {
            return magnitude.binLeft(i) + magnitude.binWidth() * (wanted - removed) / count;
        }
        removed += count;
    }
    return magnitude.edges.upper;
}

}  // namespace espalier::plots
