// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers between 0 and 1 that depend on a seed and a name alone, the same on every platform.
#pragma once

#include <cstdint>
#include <string_view>

namespace espalier::prune {

/// The i-th number of a SplitMix64 stream (Steele, Lea, Flood 2014) that a seed and a name start:
/// it depends neither on other names nor on the order in which numbers are asked for.
class SeededRandom {
public:
    SeededRandom(std::string_view name, std::uint64_t seed)
        : m_start(mix(hashOf(name) + mix(seed))) {}

    /// In [0, 1), 24 bits, so that a float holds it.
    double at(std::uint64_t index) const {
        return static_cast<double>(mix(m_start + (index + 1) * 0x9e3779b97f4a7c15u) >> 40) *
               0x1p-24;
    }

private:
    static std::uint64_t mix(std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }

    /// FNV-1a: the same on every platform, which std::hash is not.
    static std::uint64_t hashOf(std::string_view text) {
        std::uint64_t hash = 0xcbf29ce484222325u;
        for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
        return hash;
    }

    std::uint64_t m_start;
};

}  // namespace espalier::prune
