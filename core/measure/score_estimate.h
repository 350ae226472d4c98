// SPDX-License-Identifier: GPL-3.0-or-later
// What measuring a criterion's scores will take, before a scan ranks by them.
#pragma once

#include <cstdint>

#include "core/measure/sensitivity.h"

namespace espalier::measure {

/// Whether a scan with these options has to measure scores before it can rank anything.
bool missesScores(const model::Snapshot& snapshot, const ScanOptions& options);

struct ScoreEstimate {
    double seconds = 0;
    std::int64_t samples = 0;  ///< that the criterion looks at
};

/// Times the criterion on a few samples of `options.rankedOn`. Takes a second or two. Errors: those
/// of measureScores; Mismatch when there are no such samples.
Result<ScoreEstimate> estimateScores(const model::Snapshot& snapshot, const data::Dataset& dataset,
                                     const ScanOptions& options, RunControl& control);

}  // namespace espalier::measure
