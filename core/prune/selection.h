// SPDX-License-Identifier: GPL-3.0-or-later
// The lowest k of a great many scores, without sorting or copying them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/run_control.h"
#include "core/prune/score_reader.h"

namespace espalier::prune {

/// Where the chosen scores end: every score < `score`, and of those equal to it the first `ties` in
/// order.
struct Cut {
    double score = 0;
    std::int64_t ties = 0;
};

/// The cut that takes the `k` lowest of all readers' scores together, equal ones in order of reader
/// and index. k is at most the number of scores that are not kAlreadyRemoved. Nothing when stopped.
std::optional<Cut> lowest(std::span<const ScoreReader* const> readers, std::int64_t k,
                          RunControl& control);

/// How many of each reader's scores `cut` takes. Nothing when stopped.
std::optional<std::vector<std::int64_t>> countTaken(std::span<const ScoreReader* const> readers,
                                                    Cut cut, RunControl& control);

/// Calls `visit(begin, scores)` with consecutive runs. False when stopped.
template <class Visit>
bool forEachRun(const ScoreReader& reader, RunControl& control, Visit visit) {
    constexpr std::int64_t kRunLength = 2048;  // fits the first-level cache
    double run[kRunLength];
    for (std::int64_t begin = 0; begin < reader.count(); begin += kRunLength) {
        if (!control.keepGoing()) return false;
        const auto size = static_cast<std::size_t>(std::min(kRunLength, reader.count() - begin));
        reader.read(begin, std::span(run, size));
        visit(begin, std::span<const double>(run, size));
    }
    return true;
}

}  // namespace espalier::prune
