// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/weight_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <span>
#include <variant>

#include "core/model/compact_floats.h"
#include "core/model/weight_values_torch.h"

namespace espalier::model {

namespace {

/// The non-zero magnitudes of one sign, sorted.
class Magnitudes {
public:
    explicit Magnitudes(CompactFloats floats) : m_values(std::move(floats)) {}
    explicit Magnitudes(std::vector<double> doubles) : m_values(std::move(doubles)) {
        auto& values = std::get<std::vector<double>>(m_values);
        std::sort(values.begin(), values.end());
    }

    std::int64_t count() const {
        return std::visit(
            [](const auto& values) { return static_cast<std::int64_t>(values.size()); }, m_values);
    }
    std::int64_t below(double bound) const {
        if (const auto* floats = std::get_if<CompactFloats>(&m_values))
            return floats->countBelow(bound);
        const auto& doubles = std::get<std::vector<double>>(m_values);
        return std::lower_bound(doubles.begin(), doubles.end(), bound) - doubles.begin();
    }
    std::int64_t atMost(double bound) const {
        return below(std::nextafter(bound, std::numeric_limits<double>::infinity()));
    }

private:
    std::variant<CompactFloats, std::vector<double>> m_values;
};

/// Counts between the edges of equal bins, from `below(x)` and `atMost(x)`, both cumulative.
template <class Below, class AtMost>
Histogram histogram(double low, double high, int bins, std::int64_t total, Below below,
                    AtMost atMost) {
    Histogram result;
    result.low = low;
    result.high = high;
    if (bins <= 0 || !(low <= high)) return result;
    result.counts.resize(static_cast<std::size_t>(bins));
    result.below = below(low);
    const std::int64_t upToHigh = atMost(high);
    result.above = total - upToHigh;
    std::int64_t before = result.below;
    for (int bin = 0; bin < bins; ++bin) {
        const bool isLast = bin + 1 == bins;
        const std::int64_t until = isLast ? upToHigh : below(low + (bin + 1) * (high - low) / bins);
        result.counts[static_cast<std::size_t>(bin)] = until - before;
        before = until;
    }
    return result;
}

Error cancelledError() {
    return {Error::Kind::Cancelled, "Stopped", "", ""};
}

}  // namespace

struct WeightIndex::Data {
    WeightStatistics statistics;
    Magnitudes negative;
    Magnitudes positive;

    std::int64_t kept() const { return statistics.count - statistics.baseRemoved; }
    std::int64_t nonzeros() const { return negative.count() + positive.count(); }
    std::int64_t magnitudesBelow(double bound) const {
        return negative.below(bound) + positive.below(bound);
    }
    std::int64_t magnitudesAtMost(double bound) const {
        return negative.atMost(bound) + positive.atMost(bound);
    }
    std::int64_t valuesBelow(double bound) const {
        if (bound > 0) return negative.count() + positive.below(bound);
        return negative.count() - negative.atMost(-bound);
    }
    std::int64_t valuesAtMost(double bound) const {
        if (bound >= 0) return negative.count() + positive.atMost(bound);
        return negative.count() - negative.below(-bound);
    }
};

WeightIndex::WeightIndex(std::shared_ptr<const Data> data) : m_data(std::move(data)) {}

const WeightStatistics& WeightIndex::statistics() const {
    return m_data->statistics;
}

std::int64_t WeightIndex::countBelow(double threshold) const {
    if (!(threshold > 0)) return 0;
    return m_data->statistics.zeros + m_data->magnitudesBelow(threshold);
}

double WeightIndex::kthMagnitude(std::int64_t k) const {
    if (k >= m_data->kept()) return std::numeric_limits<double>::infinity();
    const std::int64_t rank = std::max<std::int64_t>(k, 0) - m_data->statistics.zeros;
    if (rank < 0) return 0;
    // Non-negative doubles have the order of their bit patterns: bisect those for the first with
    // enough at or under it.
    std::uint64_t low = 0;
    std::uint64_t high = std::bit_cast<std::uint64_t>(m_data->statistics.maxMagnitude);
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        if (m_data->magnitudesAtMost(std::bit_cast<double>(middle)) > rank)
            high = middle;
        else
            low = middle + 1;
    }
    return std::bit_cast<double>(low);
}

double WeightIndex::magnitudeQuantile(double q) const {
    const std::int64_t kept = m_data->kept();
    if (kept == 0) return 0;
    const double rank = std::floor(std::clamp(q, 0.0, 1.0) * static_cast<double>(kept));
    return kthMagnitude(std::min(static_cast<std::int64_t>(rank), kept - 1));
}

Histogram WeightIndex::magnitudeHistogram(double low, double high, int bins) const {
    return histogram(
        low, high, bins, m_data->nonzeros(),
        [this](double bound) { return m_data->magnitudesBelow(bound); },
        [this](double bound) { return m_data->magnitudesAtMost(bound); });
}

Histogram WeightIndex::signedHistogram(double low, double high, int bins) const {
    return histogram(
        low, high, bins, m_data->nonzeros(),
        [this](double bound) { return m_data->valuesBelow(bound); },
        [this](double bound) { return m_data->valuesAtMost(bound); });
}

namespace {

/// Calls `visit(value)` for every kept weight that is not zero. False when stopped.
template <class Value, class Visit>
bool forEachNonzero(const WeightValues& values, RunControl& control, Visit visit) {
    return forEachKeptRun<Value>(values, control, [&](std::span<const Value> run) {
        for (const Value value : run) {
            if (value != 0) visit(value);
        }
    });
}

Result<WeightIndex> indexFloats(const WeightValues& values, const WeightStatistics& statistics,
                                RunControl& control) {
    // Picked by the sign bit: a branch would be mispredicted for every second weight.
    std::array<CompactFloats::Builder, 2> bySign;
    const auto count = [&](float value) { bySign[std::signbit(value)].count(std::abs(value)); };
    const auto add = [&](float value) { bySign[std::signbit(value)].add(std::abs(value)); };
    if (!forEachNonzero<float>(values, control, count)) return cancelledError();
    for (CompactFloats::Builder& builder : bySign) builder.endCounting();
    if (!forEachNonzero<float>(values, control, add)) return cancelledError();
    auto positive = std::move(bySign[0]).finish(control);
    auto negative = std::move(bySign[1]).finish(control);
    if (!negative || !positive) return cancelledError();
    return WeightIndex(std::make_shared<const WeightIndex::Data>(WeightIndex::Data{
        statistics, Magnitudes(std::move(*negative)), Magnitudes(std::move(*positive))}));
}

Result<WeightIndex> indexDoubles(const WeightValues& values, const WeightStatistics& statistics,
                                 RunControl& control) {
    std::vector<double> negative;
    std::vector<double> positive;
    const auto add = [&](double value) {
        (value < 0 ? negative : positive).push_back(std::abs(value));
    };
    if (!forEachNonzero<double>(values, control, add)) return cancelledError();
    return WeightIndex(std::make_shared<const WeightIndex::Data>(WeightIndex::Data{
        statistics, Magnitudes(std::move(negative)), Magnitudes(std::move(positive))}));
}

}  // namespace

Result<WeightIndex> indexWeights(const Snapshot& snapshot, LayerId layer, RunControl& control) {
    return guarded(
        "Cannot index the weights of " + snapshot.layer(layer).name, [&]() -> Result<WeightIndex> {
            const Result<WeightStatistics> statistics = weightStatistics(snapshot, layer, control);
            if (!statistics) return statistics.error();
            const Result<WeightValues> values = weightValues(snapshot, layer);
            if (!values) return values.error();
            return values->isDouble() ? indexDoubles(*values, *statistics, control)
                                      : indexFloats(*values, *statistics, control);
        });
}

}  // namespace espalier::model
