// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/model/weight_index.h"
#include "core/model/weight_values_torch.h"

namespace espalier::model {

namespace {

/// Four partial sums, which the compiler may keep in one vector register.
template <class Term>
double sumOf(std::span<const double> run, Term term) {
    std::array<double, 4> sums{};
    std::size_t i = 0;
    for (; i + 4 <= run.size(); i += 4) {
        for (std::size_t lane = 0; lane < 4; ++lane) sums[lane] += term(run[i + lane]);
    }
    for (; i < run.size(); ++i) sums[0] += term(run[i]);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

struct FirstPass {
    WeightStatistics statistics;
    std::int64_t kept = 0;
    std::int64_t nonFinite = 0;
    double sum = 0;

    void take(std::span<const double> run) {
        constexpr double kLargest = std::numeric_limits<double>::max();
        for (const double value : run) {
            statistics.zeros += value == 0;
            nonFinite += !(std::abs(value) <= kLargest);
            statistics.min = value < statistics.min ? value : statistics.min;
            statistics.max = value > statistics.max ? value : statistics.max;
        }
        kept += static_cast<std::int64_t>(run.size());
        sum += sumOf(run, [](double value) { return value; });
    }
};

}  // namespace

Result<WeightStatistics> weightStatistics(const Snapshot& snapshot, LayerId layer,
                                          RunControl& control) {
    const Result<WeightValues> values = weightValues(snapshot, layer);
    if (!values) return values.error();
    return statisticsOf(snapshot.layer(layer), *values, control);
}

Result<WeightStatistics> statisticsOf(const Layer& layer, const WeightValues& values,
                                      RunControl& control) {
    const Error cancelled{Error::Kind::Cancelled, "Stopped", "", ""};

    FirstPass first;
    first.statistics.min = std::numeric_limits<double>::infinity();
    first.statistics.max = -std::numeric_limits<double>::infinity();
    if (!forEachKeptRun<double>(values, control, [&](auto run) { first.take(run); }))
        return cancelled;
    if (first.nonFinite > 0) return nonFiniteError(layer, first.nonFinite);

    WeightStatistics statistics = first.statistics;
    statistics.count = values.count();
    statistics.baseRemoved = statistics.count - first.kept;
    if (first.kept == 0) {
        statistics.min = statistics.max = 0;
        return statistics;
    }
    statistics.mean = first.sum / static_cast<double>(first.kept);
    statistics.maxMagnitude = std::max(std::abs(statistics.min), std::abs(statistics.max));
    double squares = 0;
    const auto addSquares = [&](auto run) {
        squares += sumOf(run, [mean = statistics.mean](double value) {
            return (value - mean) * (value - mean);
        });
    };
    if (!forEachKeptRun<double>(values, control, addSquares)) return cancelled;
    statistics.sigma = std::sqrt(squares / static_cast<double>(first.kept));
    return statistics;
}

}  // namespace espalier::model
