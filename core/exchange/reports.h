// SPDX-License-Identifier: GPL-3.0-or-later
// What a task found out, as JSON for machines. Keys as documented in docs/file-formats.md.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/measure/evaluate.h"
#include "core/measure/latency.h"
#include "core/model/snapshot.h"
#include "core/prune/footprint.h"
#include "core/prune/masks.h"
#include "core/prune/plan.h"
#include "core/train/fine_tune.h"

namespace espalier::exchange {

/// {"format": "espalier-inspect", …}
std::string inspectToJson(const model::Snapshot& snapshot);

/// What fine-tuning did, for a report.
struct TrainingSummary {
    int epochs = 0;
    int bestEpoch = 0;
    measure::Evaluation before;               ///< validation, pruned, before the first step
    measure::Evaluation after;                ///< validation, of the best epoch
    std::optional<measure::Evaluation> test;  ///< of the best epoch; read once, at the end
};

/// One weight's sparsity, asked for and got, 0..1.
struct LayerOutcome {
    std::string weight;               ///< parameter path
    std::optional<double> requested;  ///< none: its rule names no sparsity
    double reached = 0;
};

/// What `prune` and `tune` report.
struct PruneReport {
    prune::Footprint before;  ///< dense
    prune::Footprint after;
    std::int64_t fileBytesBefore = 0;  ///< measured
    std::int64_t fileBytesAfter = 0;   ///< measured
    std::vector<std::string>
        inputs;  ///< the saved file was run on these and gave the same, bit for bit
    std::vector<LayerOutcome> layers;
    std::vector<std::pair<std::string, double>> seconds;  ///< per stage: load, plan, …
    std::optional<TrainingSummary> training;
};

/// {"format": "espalier-report", …}
std::string reportToJson(const PruneReport& report);
std::string evaluationToJson(const measure::Evaluation& evaluation);
std::string latencyToJson(const std::vector<measure::Latency>& latencies);

}  // namespace espalier::exchange
