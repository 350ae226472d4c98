// SPDX-License-Identifier: GPL-3.0-or-later
// Which levels of sparsity to measure, to find the largest that costs no more than is allowed.
#pragma once

#include <array>
#include <optional>

namespace espalier::measure {

/// Sparsities 0.05, 0.10 … 0.95, by index.
inline constexpr int kLevelCount = 19;
double sparsityOfLevel(int level);

/// Drops of the metric by level, against the dense model; none where not measured. Infinite where
/// nothing can be measured, as a layer would lose its last weight.
using Drops = std::array<std::optional<double>, kLevelCount>;

/// The definition: the last level before the first one whose drop exceeds `maxDrop`; none when the
/// first level does. Levels without a drop are passed over.
std::optional<int> largestWithin(const Drops& drops, double maxDrop);

/// Coarse levels first (0.25, 0.5, 0.75, 0.95, until one costs ten times what is allowed), then
/// bisection between the last good one and the first that exceeds. Real curves are nearly
/// monotone: a level below the knee is measured as well when its neighbours come close to what is
/// allowed. On monotone curves the answer is that of all levels.
class KneeSearch {
public:
    enum class Levels { ToKnee, All };

    KneeSearch(double maxDrop, Levels levels) : m_maxDrop(maxDrop), m_levels(levels) {}

    /// The level to measure next; none when the answer is known.
    std::optional<int> next() const;
    void add(int level, double drop) { m_drops.at(static_cast<std::size_t>(level)) = drop; }
    const Drops& drops() const { return m_drops; }

private:
    std::optional<int> nextCoarse() const;
    std::optional<int> nextAtKnee() const;
    std::optional<int> nextInDoubt(int knee) const;
    const std::optional<double>& drop(int level) const {
        return m_drops[static_cast<std::size_t>(level)];
    }

    double m_maxDrop;
    Levels m_levels;
    Drops m_drops;
};

}  // namespace espalier::measure
