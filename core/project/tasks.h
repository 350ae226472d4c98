// SPDX-License-Identifier: GPL-3.0-or-later
// The one function that runs each spec, from files to files.
#pragma once

#include <functional>

#include "core/base/events.h"
#include "core/exchange/reports.h"
#include "core/measure/scan_estimate.h"
#include "core/project/specs.h"

namespace espalier::project {

struct Inspection {
    model::SnapshotPtr snapshot;
    channels::ChannelGroupsPtr groups;  ///< null when they could not be found
    std::vector<std::string> notes;     ///< the snapshot's, and why there are no groups
};
Result<Inspection> runInspect(const InspectSpec& spec, const EventSink<>& events,
                              RunControl& control);

/// Writes every file the spec names, or none: outputs appear only after everything else succeeded.
Result<exchange::PruneReport> runPrune(const PruneSpec& spec, const EventSink<>& events,
                                       RunControl& control);

/// Writes the output, or nothing. The report's sizes are those of the exported file.
Result<exchange::PruneReport> runExport(const ExportSpec& spec, const EventSink<>& events,
                                        RunControl& control);

Result<measure::Evaluation> runEvaluate(const EvaluateSpec& spec, const EventSink<>& events,
                                        RunControl& control);

using OnScanEstimate = std::function<void(const measure::ScanEstimate&)>;

/// `onEstimate` is told how long it will take before the first evaluation; it may be empty.
/// Earlier results for the same weights and data are taken from the user's cache folder; what is
/// measured goes there at once, so that a scan that was stopped or killed goes on where it was.
Result<measure::Sensitivity> runScan(const ScanSpec& spec,
                                     const EventSink<measure::ScanPoint>& events,
                                     RunControl& control, const OnScanEstimate& onEstimate = {});

struct TuneOutcome {
    train::TrainResult training;
    train::Recipe recipe;  ///< that was followed
    exchange::PruneReport report;
    std::filesystem::path output;
    measure::Evaluation opened;  ///< validation, before anything was pruned here
    std::optional<measure::Evaluation>
        test;  ///< of the result, when the data has a test split: read once, at the end
    std::filesystem::path checkpoints;  ///< where the run can be continued; empty: it is over
};
/// With a folder for checkpoints the run can be continued after it was stopped, or the program was
/// killed: TuneSpec::resume. When the result is written the checkpoint goes, it is of no more use.
Result<TuneOutcome> runTune(const TuneSpec& spec, const EventSink<train::TrainSample>& events,
                            RunControl& control);

Result<std::vector<measure::Latency>> runLatency(const LatencySpec& spec, const EventSink<>& events,
                                                 RunControl& control);

}  // namespace espalier::project
