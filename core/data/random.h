// SPDX-License-Identifier: GPL-3.0-or-later
// Random numbers that are the same on every platform, unlike the standard library's distributions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace espalier::data {

/// SplitMix64 (Steele, Lea and Flood 2014): 64 random bits a call.
class SplitMix64 {
public:
    explicit SplitMix64(std::uint64_t seed) : m_state(seed) {}

    std::uint64_t next() {
        m_state += 0x9E3779B97F4A7C15u;
        std::uint64_t z = m_state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }

    /// Uniform in 0 .. bound - 1; `bound` is at least 1. Values that would favour some results are
    /// drawn again.
    std::uint64_t below(std::uint64_t bound) {
        const std::uint64_t unfair = (0 - bound) % bound;  // 2^64 mod bound
        std::uint64_t value = next();
        while (value < unfair) value = next();
        return value % bound;
    }

private:
    std::uint64_t m_state;
};

/// Fisher–Yates: every order of `values` is equally likely.
template <class T>
void shuffle(std::span<T> values, SplitMix64& random) {
    for (std::size_t last = values.size(); last > 1; --last) {
        std::swap(values[last - 1], values[static_cast<std::size_t>(random.below(last))]);
    }
}

}  // namespace espalier::data
