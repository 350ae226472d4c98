// SPDX-License-Identifier: GPL-3.0-or-later
// What a sensitivity scan will take, told before it starts.
#pragma once

#include <string>

#include "core/measure/sensitivity.h"

namespace espalier::measure {

struct ScanEstimate {
    double seconds = 0;            ///< of measuring; a criterion's scores come on top
    std::int64_t evaluations = 0;  ///< some so many are left to make
    std::int64_t targets = 0;      ///< weight tensors or channel groups
    std::int64_t samples = 0;      ///< of each evaluation
    Structure structure = Structure::Weights;

    bool operator==(const ScanEstimate&) const = default;
};

/// "under a second", "40 s", "3 min", "2 h 5 min": as exact as an estimate is.
std::string roughTime(double seconds);

/// "About 80 s: some 35 evaluations of 5 000 samples for 5 weight tensors"; of a scan that is
/// remembered whole, that it is.
std::string describe(const ScanEstimate& estimate);

/// Times forward on a few samples and counts what each target costs from where its weights are used
/// first on. What `memory` holds is not
/// counted; how many levels lead to the knee is not known before, so it is a rough figure.
///
/// A criterion whose scores `options` has not is estimated as the usual one. Errors: those of
/// scanSensitivity.
Result<ScanEstimate> estimateScan(const model::Snapshot& snapshot,
                                  const channels::ChannelGroupsPtr& groups,
                                  const data::Dataset& dataset, const ScanOptions& options,
                                  const ScanMemory& memory, RunControl& control);

}  // namespace espalier::measure
