// SPDX-License-Identifier: GPL-3.0-or-later
// The tune task: prune, train under masks, test once, write.
#include <optional>

#include "core/exchange/export.h"
#include "core/exchange/metrics_file.h"
#include "core/project/task_support.h"

namespace espalier::project {

namespace fs = std::filesystem;

namespace {

/// Streams training samples to the metrics file as well as to whoever asked for them.
EventSink<train::TrainSample> recording(const EventSink<train::TrainSample>& events,
                                        exchange::MetricsWriter* metrics) {
    if (!metrics) return events;
    auto sink = events;
    sink.onPartial = [events, metrics](const train::TrainSample& sample) {
        metrics->append(sample);
        events.publish(sample);
    };
    return sink;
}

Result<train::TrainResult> train(const MaskedModel& pruned, const data::Dataset& dataset,
                                 const TuneSpec& spec, const EventSink<train::TrainSample>& events,
                                 RunControl& control) {
    std::optional<exchange::MetricsWriter> metrics;
    if (!spec.metrics.empty()) {
        auto writer = exchange::MetricsWriter::create(spec.metrics);
        if (!writer) return writer.error();
        metrics = std::move(*writer);
    }
    return train::fineTune(*pruned.snapshot, pruned.masks, dataset, spec.recipe,
                           recording(events, metrics ? &*metrics : nullptr), control);
}

Result<std::optional<measure::Evaluation>> testOnce(const train::TrainResult& training,
                                                    const data::Dataset& dataset,
                                                    const TuneSpec& spec,
                                                    const EventSink<>& events) {
    if (data::info(dataset).test == 0) return std::optional<measure::Evaluation>{};
    RunControl uninterrupted;  // after a stop the best so far is still worth its one test
    const measure::EvaluateOptions options{.split = data::Split::Test,
                                           .batchSize = 256,
                                           .maxSamples = 0,
                                           .device = spec.recipe.device};
    auto test = measure::evaluate(*training.best, nullptr, dataset, options, events, uninterrupted);
    if (!test) return test.error();
    return std::optional{*test};
}

fs::path outputOf(const TuneSpec& spec) {
    if (!spec.output.empty()) return spec.output;
    auto output = spec.model;
    return output.replace_filename(spec.model.stem().string() + "-pruned.pt");
}

/// Opens data and model and applies the choice: everything that can be refused before training
/// starts.
struct TuneSetup {
    data::DatasetPtr dataset;
    MaskedModel pruned;
};
Result<TuneSetup> setUpTuning(const TuneSpec& spec, const EventSink<>& events,
                              RunControl& control) {
    if (auto sound = train::check(spec.recipe); !sound) return sound.error();
    auto dataSpec = spec.data;
    dataSpec.validation = spec.recipe.validation;
    auto dataset = data::openDataset(dataSpec, control);
    if (!dataset) return dataset.error();
    auto inputs = inputsFor(spec.inputs, spec.choice.planFile);
    if (!inputs) return inputs.error();
    auto snapshot = openFor(spec.model, *inputs, **dataset, events, control);
    if (!snapshot) return snapshot.error();
    auto pruned = applyChoice(*snapshot, spec.choice, control);
    if (!pruned) return pruned.error();
    if (auto fits = measure::checkFit(**snapshot, **dataset); !fits) return fits.error();
    return TuneSetup{*dataset, *pruned};
}

}  // namespace

Result<TuneOutcome> runTune(const TuneSpec& spec, const EventSink<train::TrainSample>& events,
                            RunControl& control) {
    const EventSink<> progress{events.onProgress, {}};
    StageClock clock(progress);
    clock.start("load", "Opening " + spec.model.filename().string());
    auto setup = setUpTuning(spec, progress, control);
    if (!setup) return setup.error();

    clock.start("train", "Fine-tuning");
    auto training = train(setup->pruned, *setup->dataset, spec, events, control);
    if (!training) return training.error();

    clock.start("test", "Testing");
    auto test = testOnce(*training, *setup->dataset, spec, progress);
    if (!test) return test.error();

    clock.start("save", "Writing and checking the result");
    const auto& best = *training->best;
    RunControl uninterrupted;
    auto finalMasks = prune::resolve(best, prune::emptyPlan(best), nullptr, uninterrupted);
    if (!finalMasks) return finalMasks.error();
    TuneOutcome outcome{*training, reportOf(best, setup->pruned.plan, **finalMasks), outputOf(spec),
                        *test};
    StagedOutputs outputs;
    const fs::path staged = outputs.stage(outcome.output);
    if (auto written = exchange::exportMasked(best, nullptr, staged); !written)
        return written.error();
    outcome.report.fileBytesAfter = static_cast<std::int64_t>(fs::file_size(staged));
    outcome.report.training = exchange::TrainingSummary{training->epochs, training->bestEpoch,
                                                        training->before, training->after, *test};
    outcome.report.seconds = clock.finish();
    if (auto written = writeReport(outcome.report, spec.report, outputs); !written)
        return written.error();
    if (auto done = outputs.commit(); !done) return done.error();
    return outcome;
}

}  // namespace espalier::project
