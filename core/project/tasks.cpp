// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/tasks.h"

#include <algorithm>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/exchange/export.h"
#include "core/exchange/plan_file.h"
#include "core/project/command_line.h"
#include "core/project/task_support.h"

namespace espalier::project {

namespace fs = std::filesystem;

namespace {

Result<void> writeModel(const CutOutcome& outcome, const fs::path& target, RunControl& control) {
    if (outcome.model) return channels::saveCut(*outcome.model, target, {}, control);
    const MaskedModel& masked = outcome.masked;
    return exchange::exportMasked(*masked.snapshot, masked.masks, target, {}, control);
}

Result<void> writeMasked(const CutOutcome& outcome, const fs::path& target, RunControl& control) {
    if (!outcome.model) return writeModel(outcome, target, control);
    return channels::saveMasked(*outcome.model, target, {}, control);
}

Result<void> writePruned(const CutOutcome& outcome, const PruneSpec& spec, StagedOutputs& outputs,
                         exchange::PruneReport& report, RunControl& control) {
    const fs::path model = outputs.stage(spec.output);
    if (auto written = writeModel(outcome, model, control); !written) return written;
    report.fileBytesAfter = static_cast<std::int64_t>(fs::file_size(model));
    if (!spec.maskedOutput.empty()) {
        if (auto written = writeMasked(outcome, outputs.stage(spec.maskedOutput), control);
            !written) {
            return written;
        }
    }
    if (spec.savePlan.empty()) return {};
    return exchange::writePlan(outcome.masked.plan, outputs.stage(spec.savePlan));
}

}  // namespace

namespace {

/// "1x1x28x28, 1x5"
std::string listed(const std::vector<script::InputSpec>& inputs) {
    std::string text;
    for (const script::InputSpec& input : inputs)
        text += cat(text.empty() ? "" : ", ", script::toString(input));
    return text;
}

/// Inputs that the model itself has been opened with are right: the reference is another network.
Error notAReference(Error error, const EvaluateSpec& spec) {
    error.what = cat("Cannot use ", spec.reference.string(), " as the reference");
    if (error.kind != Error::Kind::BadArgument) return error;
    const std::string model = spec.model.filename().string();
    const std::string inputs = spec.inputs.empty() ? "the samples" : listed(spec.inputs);
    return {Error::Kind::Mismatch, error.what,
            cat("it does not take ", inputs, ", which ", model, " takes: ", error.why),
            cat("Give the dense model that ", model, " was made from")};
}

/// The model that agreement is with.
Result<model::SnapshotPtr> openReference(const EvaluateSpec& spec, const data::Dataset& dataset,
                                         const EventSink<>& events, RunControl& control) {
    if (!spec.reference.empty()) {
        auto opened = openFor(spec.reference, {.inputs = spec.inputs}, dataset, events, control);
        if (opened || opened.error().kind == Error::Kind::Cancelled) return opened;
        return notAReference(opened.error(), spec);
    }
    return Error{Error::Kind::BadArgument,
                 cat("Cannot measure agreement on ", data::info(dataset).name),
                 "there is no model to agree with",
                 "Give the dense model (--reference MODEL), or data with labels"};
}

}  // namespace

Result<Inspection> runInspect(const InspectSpec& spec, const EventSink<>& events,
                              RunControl& control) {
    auto snapshot = model::openSnapshot(spec.model, {.inputs = spec.inputs}, events, control);
    if (!snapshot) return snapshot.error();
    Inspection inspection{*snapshot, nullptr, {}};
    const auto notes = (*snapshot)->notes();
    inspection.notes.assign(notes.begin(), notes.end());
    events.progress({"Finding channel groups", 0, 0, -1});
    auto groups = channels::analyse(*snapshot, control, spec.heads);
    if (groups) {
        inspection.groups = *groups;
        const auto decided = (*groups)->decidedByData();
        inspection.notes.insert(inspection.notes.end(), decided.begin(), decided.end());
    } else if (groups.error().kind == Error::Kind::Cancelled) {
        return groups.error();
    } else {
        inspection.notes.push_back("No channel groups: " + groups.error().text());
    }
    return inspection;
}

Result<exchange::PruneReport> runPrune(const PruneSpec& spec, const EventSink<>& events,
                                       RunControl& control) {
    if (auto sound = checkTargets({spec.model, spec.choice.planFile, spec.data.path},
                                  {spec.output, spec.maskedOutput, spec.savePlan, spec.report,
                                   reportBeside(spec.report)});
        !sound) {
        return sound.error();
    }
    StageClock clock(events);
    auto masked = openAndApply({spec.model, spec.inputs, spec.choice, spec.data, spec.metrics},
                               clock, events, control);
    if (!masked) return masked.error();
    auto outcome =
        cutOut(std::move(*masked), {.compensateBias = spec.compensateBias}, clock, events, control);
    if (!outcome) return outcome.error();
    auto report = reportOf(*outcome, *outcome->masked.snapshot);

    clock.start("save", "Writing and checking " + spec.output.filename().string());
    StagedOutputs outputs;
    if (auto written = writePruned(*outcome, spec, outputs, report, control); !written)
        return outputs.named(written.error());
    report.seconds = clock.finish();
    report.command = commandLine(argumentsOf(spec));
    if (!spec.report.empty()) {
        const model::Snapshot& snapshot = *outcome->masked.snapshot;
        if (auto counted =
                exchange::countWeights(report, snapshot, snapshot, outcome->masked.masks, control);
            !counted) {
            return counted.error();
        }
    }
    if (auto written = writeReport(report, spec.report, outputs); !written)
        return outputs.named(written.error());
    if (auto done = outputs.commit(); !done) return done.error();
    return report;
}

Result<measure::Evaluation> runEvaluate(const EvaluateSpec& spec, const EventSink<>& events,
                                        RunControl& control) {
    auto dataset = openData(spec.data, control);
    if (!dataset) return dataset.error();
    auto snapshot = openFor(spec.model, {.inputs = spec.inputs}, **dataset, events, control);
    if (!snapshot) return snapshot.error();
    auto metric = measure::metricFor(spec.metrics, data::info(**dataset));
    if (!metric) return metric.error();
    measure::EvaluateOptions options{.split = spec.split,
                                     .batchSize = spec.batchSize,
                                     .maxSamples = 0,
                                     .device = spec.device,
                                     .metrics = spec.metrics};
    if (metric->kind == measure::Metric::Kind::Agreement) {
        auto reference = openReference(spec, **dataset, events, control);
        if (!reference) return reference.error();
        options.reference = *reference;
    } else if (!spec.reference.empty()) {
        log(LogLevel::Warning, cat("The reference ", spec.reference.string(), " is not looked at: ",
                                   metric->title(), " needs none (--metric agreement does)."));
    }
    return measure::evaluate(**snapshot, nullptr, **dataset, options, events, control);
}

Result<std::vector<measure::Latency>> runLatency(const LatencySpec& spec, const EventSink<>& events,
                                                 RunControl& control) {
    std::vector<measure::Subject> subjects;
    for (const auto& path : spec.models) {
        auto snapshot = model::openSnapshot(path, {.inputs = spec.inputs}, events, control);
        if (!snapshot) return snapshot.error();
        const auto isAlike = [&path](const fs::path& other) {
            return other != path && other.filename() == path.filename();
        };
        const bool isUnique = std::ranges::none_of(spec.models, isAlike);
        subjects.push_back({(isUnique ? path.filename() : path).string(), *snapshot, nullptr});
    }
    measure::LatencyOptions options;
    options.inputs = spec.inputs;
    options.device = spec.device;
    options.threads = spec.threads;
    return measure::measureLatency(subjects, options, events, control);
}

}  // namespace espalier::project
