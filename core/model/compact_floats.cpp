// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/compact_floats.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace espalier::model {

namespace {

constexpr std::uint32_t kHighValues = 1u << 16;  // the sign bit of a positive float is 0
constexpr std::size_t kLowValues = 1u << 15;
constexpr std::size_t kWorthCounting =
    kLowValues / 16;  // from this size on, counting is quicker than comparing

/// The bits of the smallest float >= bound, or of infinity. `bound` is positive.
std::uint32_t bitsAtLeast(double bound) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    if (bound > static_cast<double>(std::numeric_limits<float>::max()))
        return std::bit_cast<std::uint32_t>(kInfinity);
    auto nearest = static_cast<float>(bound);
    if (static_cast<double>(nearest) < bound) nearest = std::nextafter(nearest, kInfinity);
    return std::bit_cast<std::uint32_t>(nearest);
}

void sortLowBits(std::span<std::uint16_t> values, std::vector<std::uint32_t>& counts) {
    if (values.size() < kWorthCounting) {
        std::sort(values.begin(), values.end());
        return;
    }
    counts.assign(kLowValues, 0);
    for (const std::uint16_t value : values) ++counts[value];
    auto out = values.begin();
    for (std::size_t value = 0; value < kLowValues; ++value) {
        out = std::fill_n(out, counts[value], static_cast<std::uint16_t>(value));
    }
}

}  // namespace

std::int64_t CompactFloats::countBelow(double bound) const {
    if (!(bound > 0) || m_low.empty()) return 0;
    const std::uint32_t bits = bitsAtLeast(bound);
    const std::uint32_t high = bits >> 15;
    const auto bucket =
        std::lower_bound(m_buckets.begin(), m_buckets.end(), high,
                         [](const Bucket& b, std::uint32_t h) { return b.high < h; });
    if (bucket->high != high || bucket + 1 == m_buckets.end()) return bucket->begin;
    const auto first = m_low.begin() + bucket->begin;
    const auto last = m_low.begin() + (bucket + 1)->begin;
    return std::lower_bound(first, last, static_cast<std::uint16_t>(bits & 0x7fff)) - m_low.begin();
}

std::vector<float> CompactFloats::values(std::size_t zeros) const {
    std::vector<float> values;
    values.reserve(zeros + m_low.size());
    values.resize(zeros, 0.0F);
    for (std::size_t i = 0; i + 1 < m_buckets.size(); ++i) {
        for (auto at = m_buckets[i].begin; at < m_buckets[i + 1].begin; ++at) {
            const std::uint32_t low = m_low[static_cast<std::size_t>(at)];
            values.push_back(std::bit_cast<float>(m_buckets[i].high << 15 | low));
        }
    }
    return values;
}

CompactFloats::Builder::Builder() : m_next(kHighValues, 0) {}

void CompactFloats::Builder::endCounting() {
    std::int64_t begin = 0;
    for (std::uint32_t high = 0; high < kHighValues; ++high) {
        const std::int64_t count = m_next[high];
        if (count > 0) m_result.m_buckets.push_back({high, begin});
        m_next[high] = begin;
        begin += count;
    }
    m_result.m_buckets.push_back({kHighValues, begin});
    m_result.m_low.resize(static_cast<std::size_t>(begin));
}

std::optional<CompactFloats> CompactFloats::Builder::finish(RunControl& control) && {
    std::vector<std::uint32_t> counts;
    for (std::size_t i = 0; i + 1 < m_result.m_buckets.size(); ++i) {
        if (!control.keepGoing()) return std::nullopt;
        const auto begin = static_cast<std::size_t>(m_result.m_buckets[i].begin);
        const auto end = static_cast<std::size_t>(m_result.m_buckets[i + 1].begin);
        sortLowBits(std::span(m_result.m_low).subspan(begin, end - begin), counts);
    }
    m_result.m_buckets.shrink_to_fit();
    return std::move(m_result);
}

}  // namespace espalier::model
