// SPDX-License-Identifier: GPL-3.0-or-later
// What a task found out, as JSON for machines and HTML for people. Keys as documented in
// docs/file-formats.md.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/channels/shrink.h"
#include "core/measure/evaluate.h"
#include "core/measure/latency.h"
#include "core/model/snapshot.h"
#include "core/prune/footprint.h"
#include "core/prune/masks.h"
#include "core/prune/plan.h"
#include "core/train/fine_tune.h"

namespace espalier::exchange {

/// {"format": "espalier-inspect", …}. `groups` is null when they could not be found; then `notes`
/// say why.
std::string inspectToJson(const model::Snapshot& snapshot, const channels::ChannelGroups* groups,
                          const std::vector<std::string>& notes);

/// What of a layer may go, channels included; the reason names what may not.
model::Prunability prunabilityOf(const model::Layer& layer, const channels::ChannelGroups* groups);

/// The group that a layer's weight is produced or scaled in; null when it is in none.
const channels::Group* groupOf(const model::Layer& layer, const channels::ChannelGroups* groups);

/// What fine-tuning did, for a report.
struct TrainingSummary {
    int epochs = 0;
    int bestEpoch = 0;
    measure::Evaluation opened;               ///< validation, before anything was pruned
    measure::Evaluation before;               ///< validation, before the first step
    measure::Evaluation after;                ///< validation, of the best epoch
    std::optional<measure::Evaluation> test;  ///< of the best epoch; read once, at the end
    std::string recipe{};                     ///< that was followed, as its file would hold it
};

/// One weight's rule and the sparsity it came to, 0..1.
struct LayerOutcome {
    std::string weight;  ///< parameter path
    std::optional<prune::WeightRule> requested;
    double reached = 0;

    /// "92.0 %", "2:4", "threshold 0.031"; "–" without a rule.
    std::string requestedText() const;
};

/// One group's channels, asked for and got.
struct GroupOutcome {
    std::string key;
    bool exact = true;
    prune::GroupChoice choice;
};

/// What `prune` and `tune` report.
struct PruneReport {
    std::string model;        ///< name of the file
    prune::Footprint before;  ///< dense
    prune::Footprint after;
    std::int64_t fileBytesBefore = 0;  ///< measured
    std::int64_t fileBytesAfter = 0;   ///< measured
    /// The saved file was run on these and gave the same; bit for bit when no channel was cut.
    std::vector<std::string> inputs;
    std::string dtype;                     ///< of the weights: "float32"
    std::optional<channels::Proof> proof;  ///< of cut channels
    channels::KeptPositions kept;          ///< of every sliced parameter and buffer
    std::vector<LayerOutcome> layers;
    std::vector<GroupOutcome> groups;  ///< those with a rule or marks, and all that lose channels
    std::vector<std::string> notes;    ///< for people: what was not done as asked
    std::vector<std::pair<std::string, double>> seconds;  ///< per stage: load, plan, …
    std::optional<TrainingSummary> training;
};

/// {"format": "espalier-report", …}
std::string reportToJson(const PruneReport& report);
/// The same as one page that needs nothing beside it.
std::string reportToHtml(const PruneReport& report);
std::string evaluationToJson(const measure::Evaluation& evaluation);
std::string latencyToJson(const std::vector<measure::Latency>& latencies);

}  // namespace espalier::exchange
