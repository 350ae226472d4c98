// SPDX-License-Identifier: GPL-3.0-or-later
// What a sensitivity scan will take, told before it starts.
#pragma once

#include <string>

#include "core/measure/sensitivity.h"

namespace espalier::measure {

struct ScanEstimate {
    double seconds = 0;            ///< of all that is left to do
    std::int64_t evaluations = 0;  ///< some so many are left to make
    std::int64_t targets = 0;      ///< weight tensors or channel groups
    std::int64_t samples = 0;      ///< of each evaluation
    Structure structure = Structure::Weights;
    std::string
        scored{};  ///< what has to be measured first: "taylor on 1 024 samples"; may be empty

    bool operator==(const ScanEstimate&) const = default;
};

/// "under a second", "40 s", "3 min", "2 h 5 min": as exact as an estimate is.
std::string roughTime(double seconds);

/// "About 1 min 20 s: some 35 evaluations of 5 000 samples for 5 weight tensors"; of a scan that is
/// remembered whole, that it is.
std::string describe(const ScanEstimate& estimate);

/// Times forward and reading on a few samples and masking on two targets, and counts what each
/// target costs from where its weights are used first on. What `memory` holds is not counted; how
/// many levels lead to the knee is not known before, so it is a rough figure. Takes a second or
/// two.
///
/// A criterion whose scores `options` has not is timed on a few samples of `options.rankedOn`.
/// Errors: those of scanSensitivity and of measureScores.
Result<ScanEstimate> estimateScan(const model::Snapshot& snapshot,
                                  const channels::ChannelGroupsPtr& groups,
                                  const data::Dataset& dataset, const ScanOptions& options,
                                  const ScanMemory& memory, RunControl& control);

}  // namespace espalier::measure
