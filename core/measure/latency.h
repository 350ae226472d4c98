// SPDX-License-Identifier: GPL-3.0-or-later
// How long one forward pass takes, measured in turns so that a machine's mood hits all models
// alike.
#pragma once

#include <string>
#include <vector>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/model/snapshot.h"
#include "core/prune/masks.h"

namespace espalier::measure {

struct LatencyOptions {
    std::vector<script::InputSpec> inputs{};  ///< empty: the snapshot's own
    std::string device = "auto";
    int threads = 0;         ///< 0: as many as torch uses
    int rounds = 50;         ///< timed runs per model, after warm-up
    double maxSeconds = 20;  ///< ends earlier, with at least five rounds
};

/// Milliseconds per forward pass.
struct Latency {
    std::string name;
    double median = 0;
    double p10 = 0;
    double p90 = 0;
    int runs = 0;
    bool operator==(const Latency&) const = default;
};

/// A model to time; `masks` may be null.
struct Subject {
    std::string name;
    model::SnapshotPtr snapshot;
    prune::MasksPtr masks;
};

/// One result per subject, in order. Denormals are flushed. Errors: BadArgument, Cancelled, Failed.
Result<std::vector<Latency>> measureLatency(const std::vector<Subject>& subjects,
                                            const LatencyOptions& options,
                                            const EventSink<>& events, RunControl& control);

}  // namespace espalier::measure
