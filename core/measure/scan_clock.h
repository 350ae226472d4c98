// SPDX-License-Identifier: GPL-3.0-or-later
// How long a sensitivity scan will take.
#pragma once

#include <string>
#include <vector>

#include "core/measure/knee_search.h"

namespace espalier::measure {

/// Estimates from what each target's evaluations cost relative to the whole model, and what was
/// measured so far.
class ScanClock {
public:
    /// `shares`: per target, the part of the model's cost that lies behind it, 0..1.
    ScanClock(std::vector<double> shares, KneeSearch::Levels levels);

    /// `share` of the cost of all samples took `seconds`. What was measured last counts most, for
    /// a machine has other work from time to time; the very first counts until there is another,
    /// for it reads the samples and sets up kernels as well.
    void measured(double share, double seconds);
    /// A level of the target is known now, or its search is over.
    void levelKnown(std::size_t target);
    void targetDone(std::size_t target);

    double share(std::size_t target) const { return m_targets[target].share; }
    int levelsLeft(std::size_t target) const;
    /// Negative as long as nothing was measured.
    double secondsLeft() const;
    std::int64_t levelsKnown() const;
    std::int64_t levelsExpected() const;

private:
    struct Target {
        double share = 0;
        int known = 0;
        int expected = 0;
    };
    std::vector<Target> m_targets;
    int m_measured = 0;
    double m_share = 0;  // measured so far, less and less of what is long ago
    double m_seconds = 0;
};

}  // namespace espalier::measure
