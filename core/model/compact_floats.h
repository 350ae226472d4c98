// SPDX-License-Identifier: GPL-3.0-or-later
// Sorted positive floats in two bytes each.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/run_control.h"

namespace espalier::model {

/// A sorted multiset of positive finite floats.
///
/// Positive floats have the order of their 31 bits. The upper 16 name a bucket, of which only the
/// used ones are kept; the lower 15 are stored, sorted, in the bucket. A tensor of weights uses
/// some thousand buckets.
class CompactFloats {
public:
    std::size_t size() const { return m_low.size(); }
    /// How many are < bound. Exact for every double.
    std::int64_t countBelow(double bound) const;

    /// As many zeros, then all of them, ascending.
    std::vector<float> values(std::size_t zeros) const;

    /// Takes the values twice, in any order: all to `count`, `endCounting`, all to `add`, then
    /// `finish`.
    class Builder;

private:
    struct Bucket {
        std::uint32_t high = 0;  // the upper 16 bits of its values
        std::int64_t begin = 0;  // in m_low; it ends where the next begins
    };
    std::vector<Bucket> m_buckets;  // by `high`; the last is a sentinel beyond all floats
    std::vector<std::uint16_t> m_low;
};

class CompactFloats::Builder {
public:
    Builder();
    void count(float value) { ++m_next[highBits(value)]; }
    void endCounting();
    void add(float value) {
        const auto slot = static_cast<std::size_t>(m_next[highBits(value)]++);
        m_result.m_low[slot] =
            static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) & 0x7fff);
    }
    /// Nothing when stopped.
    std::optional<CompactFloats> finish(RunControl& control) &&;

private:
    static std::uint32_t highBits(float value) { return std::bit_cast<std::uint32_t>(value) >> 15; }
    std::vector<std::int64_t> m_next;  // per bucket: its count, later where its next value goes
    CompactFloats m_result;
};

}  // namespace espalier::model
