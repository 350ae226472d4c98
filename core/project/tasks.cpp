// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/tasks.h"

#include "core/exchange/export.h"
#include "core/exchange/plan_file.h"
#include "core/project/task_support.h"

namespace espalier::project {

namespace fs = std::filesystem;

namespace {

Result<void> writePruned(const model::Snapshot& snapshot, const prune::Plan& plan,
                         const prune::MasksPtr& masks, const PruneSpec& spec,
                         StagedOutputs& outputs, exchange::PruneReport& report) {
    const fs::path model = outputs.stage(spec.output);
    if (auto written = exchange::exportMasked(snapshot, masks, model); !written) return written;
    report.fileBytesAfter = static_cast<std::int64_t>(fs::file_size(model));
    if (!spec.maskedOutput.empty()) {
        const fs::path masked = outputs.stage(spec.maskedOutput);
        if (auto written = exchange::exportMasked(snapshot, masks, masked); !written)
            return written;
    }
    if (spec.savePlan.empty()) return {};
    return exchange::writePlan(plan, outputs.stage(spec.savePlan));
}

}  // namespace

Result<model::SnapshotPtr> runInspect(const InspectSpec& spec, const EventSink<>& events,
                                      RunControl& control) {
    return model::openSnapshot(spec.model, {.inputs = spec.inputs}, events, control);
}

Result<exchange::PruneReport> runPrune(const PruneSpec& spec, const EventSink<>& events,
                                       RunControl& control) {
    StageClock clock(events);
    clock.start("load", "Opening " + spec.model.filename().string());
    auto inputs = inputsFor(spec.inputs, spec.choice.planFile);
    if (!inputs) return inputs.error();
    auto snapshot = model::openSnapshot(spec.model, {.inputs = *inputs}, events, control);
    if (!snapshot) return snapshot.error();

    clock.start("plan", "Choosing weights");
    auto pruned = applyChoice(*snapshot, spec.choice, control);
    if (!pruned) return pruned.error();
    auto report = reportOf(**snapshot, pruned->plan, *pruned->masks);

    clock.start("save", "Writing and checking " + spec.output.filename().string());
    StagedOutputs outputs;
    if (auto written = writePruned(**snapshot, pruned->plan, pruned->masks, spec, outputs, report);
        !written) {
        return written.error();
    }
    report.seconds = clock.finish();
    if (auto written = writeReport(report, spec.report, outputs); !written) return written.error();
    if (auto done = outputs.commit(); !done) return done.error();
    return report;
}

Result<measure::Evaluation> runEvaluate(const EvaluateSpec& spec, const EventSink<>& events,
                                        RunControl& control) {
    auto dataset = data::openDataset(spec.data, control);
    if (!dataset) return dataset.error();
    auto snapshot = openFor(spec.model, spec.inputs, **dataset, events, control);
    if (!snapshot) return snapshot.error();
    const measure::EvaluateOptions options{
        .split = spec.split, .batchSize = spec.batchSize, .maxSamples = 0, .device = spec.device};
    return measure::evaluate(**snapshot, nullptr, **dataset, options, events, control);
}

Result<std::vector<measure::Latency>> runLatency(const LatencySpec& spec, const EventSink<>& events,
                                                 RunControl& control) {
    std::vector<measure::Subject> subjects;
    for (const auto& path : spec.models) {
        auto snapshot = model::openSnapshot(path, {.inputs = spec.inputs}, events, control);
        if (!snapshot) return snapshot.error();
        subjects.push_back({path.filename().string(), *snapshot, nullptr});
    }
    measure::LatencyOptions options;
    options.inputs = spec.inputs;
    options.device = spec.device;
    options.threads = spec.threads;
    return measure::measureLatency(subjects, options, events, control);
}

}  // namespace espalier::project
