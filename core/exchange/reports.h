// SPDX-License-Identifier: GPL-3.0-or-later
// What a task found out, as JSON for machines and HTML for people. Keys as documented in
// docs/file-formats.md.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/channels/shrink.h"
#include "core/measure/evaluate.h"
#include "core/measure/latency.h"
#include "core/measure/sensitivity.h"
#include "core/model/snapshot.h"
#include "core/model/weight_index.h"
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
    /// Validation, before anything was pruned; none where that was not measured.
    std::optional<measure::Evaluation> opened;
    measure::Evaluation before;               ///< validation, before the first step
    measure::Evaluation after;                ///< validation, of the best epoch
    std::optional<measure::Evaluation> test;  ///< of the best epoch; read once, at the end
    std::string recipe{};                     ///< that was followed, as its file would hold it
    std::uint64_t seed = 0;                   ///< of the recipe
};

/// How a training went, step by step.
struct TrainingCurve {
    measure::Metric metric;
    std::vector<train::TrainSample> samples;
};

/// One weight's rule and the sparsity it came to, 0..1.
struct LayerOutcome {
    std::string weight;  ///< parameter path
    std::optional<prune::WeightRule> requested;
    double reached = 0;

    std::string op{};  ///< of its layer, as the next
    std::vector<std::int64_t> shape{};
    std::int64_t macs = 0;
    std::int64_t weights = 0;
    std::int64_t removed = 0;          ///< of those, with what went by channels
    model::Histogram before{};         ///< of what stays and of what went; no counts: not counted
    std::vector<std::int64_t> kept{};  ///< by the bins of `before`

    /// "92.0 %", "2:4", "threshold 0.031"; "–" without a rule.
    std::string requestedText() const;
};

/// One group's channels, asked for and got.
struct GroupOutcome {
    std::string key;
    bool exact = true;
    prune::GroupChoice choice;
};

/// The data that a report's figures are of.
struct DataSummary {
    data::DatasetInfo info;
    std::filesystem::path path;
    bool operator==(const DataSummary&) const = default;
};

/// What computed a report's figures.
struct Environment {
    std::string program;    ///< "Espalier 0.1.0"
    std::string torch;      ///< "LibTorch 2.6.0"
    std::string system;     ///< "Linux 6.1.0 x86_64"
    std::string processor;  ///< as the system calls it; may be empty
    int cores = 0;
    int threads = 0;     ///< that torch computes with
    std::string device;  ///< of training and measuring; empty: nothing was measured
    std::string time;    ///< "2026-03-01 14:05 UTC"
    bool operator==(const Environment&) const = default;
};
/// Of this program, on this thread, now.
Environment environmentOf(const std::string& device);

/// A state of the model that was measured.
struct MeasuredState {
    std::string name;
    measure::Evaluation evaluation;
    std::int64_t nonzeros = 0;
    std::int64_t macs = 0;
    bool isShown = false;  ///< the one that the report is of
    bool isOnFront = false;
};

/// What `prune` and `tune` report, and the window of what it shows.
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
    std::optional<TrainingCurve> curve{};
    std::string plan{};     ///< that was used, as its file would hold it
    std::string command{};  ///< that does all this again; may be empty
    std::optional<DataSummary> data{};
    Environment environment{};
    /// No file was written: its bytes after are an estimate, and nothing was compared.
    bool isPreview = false;
    bool inputsAreGuessed = false;  ///< MACs are counted for a guess then
    /// Of the model as it was opened and of this one, on one split; none: not measured.
    std::optional<measure::Evaluation> accuracyBefore{};
    std::optional<measure::Evaluation> accuracyAfter{};
    std::vector<MeasuredState> states{};        ///< on one data set, most on one split, those first
    std::vector<measure::Latency> latencies{};  ///< in turns; this model's last
    std::optional<measure::Sensitivity> sensitivity{};
};

/// Counts the weights of each of `report.layers` before and after, for its picture. `masks` may be
/// null: `after` is as it shall be. Errors: Cancelled.
Result<void> countWeights(PruneReport& report, const model::Snapshot& before,
                          const model::Snapshot& after, const prune::MasksPtr& masks,
                          RunControl& control);

/// {"format": "espalier-report", …}
std::string reportToJson(const PruneReport& report);
/// The same as one page that needs nothing beside it.
std::string reportToHtml(const PruneReport& report);
std::string evaluationToJson(const measure::Evaluation& evaluation);
std::string latencyToJson(const std::vector<measure::Latency>& latencies);

}  // namespace espalier::exchange
