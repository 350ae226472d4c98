// SPDX-License-Identifier: GPL-3.0-or-later
// Scores of a layer's weights, read in short runs, so that no tensor of scores need exist.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

namespace espalier::prune {

/// What a weight that the base mask removed reads as: it can not be chosen a second time.
inline constexpr double kAlreadyRemoved = std::numeric_limits<double>::infinity();

/// One number of at least 0 per weight; higher = keep. Thread-safe.
class ScoreReader {
public:
    virtual ~ScoreReader() = default;
    virtual std::int64_t count() const = 0;
    /// Scores [begin, begin + scores.size()).
    virtual void read(std::int64_t begin, std::span<double> scores) const = 0;
};

}  // namespace espalier::prune
