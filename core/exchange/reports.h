// SPDX-License-Identifier: GPL-3.0-or-later
// What a task found out, as JSON for machines. Keys as documented in docs/file-formats.md.
#pragma once

#include <optional>
#include <string>
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

/// What `prune` and `tune` report.
struct PruneReport {
    prune::Footprint before;
    prune::Footprint after;
    std::int64_t fileBytesBefore = 0;  ///< measured
    std::int64_t fileBytesAfter = 0;   ///< measured
    std::vector<std::pair<std::string, double>> requested;  ///< per weight: sparsity asked for (as far as the rule says one)
    std::vector<std::pair<std::string, double>> reached;    ///< per weight
    std::vector<std::pair<std::string, double>> seconds;    ///< per stage: load, analyse, plan, …
};

/// {"format": "espalier-report", …}; the proof says that weights were masked, not cut.
std::string reportToJson(const PruneReport& report);
std::string evaluationToJson(const measure::Evaluation& evaluation);
std::string latencyToJson(const std::vector<measure::Latency>& latencies);

}  // namespace espalier::exchange
