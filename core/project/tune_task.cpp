// SPDX-License-Identifier: GPL-3.0-or-later
// The tune task: prune, train under masks, test once, write.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "core/base/files.h"
#include "core/base/folder_lock.h"
#include "core/base/format.h"
#include "core/base/log.h"
#include "core/data/empty_split.h"
#include "core/exchange/checkpoint_file.h"
#include "core/exchange/export.h"
#include "core/exchange/metrics_file.h"
#include "core/exchange/recipe_file.h"
#include "core/measure/device_torch.h"
#include "core/measure/runtime.h"
#include "core/project/command_line.h"
#include "core/project/task_support.h"
#include "core/project/tune_source.h"
#include "core/project/way_on.h"
#include "core/train/precision.h"
#include "core/train/presets.h"

namespace espalier::project {

namespace fs = std::filesystem;

namespace {

/// What a run is made of, opened and found sound.
struct TuneSetup {
    data::DatasetPtr dataset;
    MaskedModel pruned;
    train::Recipe recipe;
    model::SnapshotPtr teacher;  ///< null: the opened model
};

/// Streams training samples to the metrics file as well as to whoever asked for them. When that
/// cannot be written any more, a warning says so once, and training goes on without.
EventSink<train::TrainSample> recording(const EventSink<train::TrainSample>& events,
                                        exchange::MetricsWriter* metrics) {
    if (!metrics) return events;
    auto sink = events;
    sink.onPartial = [events, metrics, isTold = false](const train::TrainSample& sample) mutable {
        metrics->append(sample);
        const auto written = metrics->check();
        if (!written && !std::exchange(isTold, true)) {
            log(LogLevel::Warning, cat(written.error().what, ": ", written.error().why,
                                       ". Training goes on; the file gets no more rows"));
        }
        events.publish(sample);
    };
    return sink;
}

Result<train::TrainResult> train(const TuneSetup& setup, const TuneSpec& spec,
                                 const train::RunLife& life,
                                 const EventSink<train::TrainSample>& events, RunControl& control) {
    std::optional<exchange::MetricsWriter> metrics;
    if (!spec.metrics.empty()) {
        auto writer = exchange::MetricsWriter::create(spec.metrics);
        if (!writer) return writer.error();
        metrics = std::move(*writer);
        if (life.resumed) {
            for (const train::TrainSample& sample : life.resumed->samples) metrics->append(sample);
        }
    }
    const MaskedModel& pruned = setup.pruned;
    auto result = train::fineTune(
        *pruned.snapshot, pruned.masks, *setup.dataset, setup.recipe,
        recording(events, metrics ? &*metrics : nullptr), control, life,
        {.plan = std::make_shared<const prune::Plan>(pruned.plan), .dense = setup.teacher});
    if (!result) {
        std::error_code ignored;
        if (metrics && result.error().kind == Error::Kind::Cancelled)
            fs::remove(spec.metrics, ignored);  // it has told nothing yet
    }
    return result;
}

/// What hours of training gave is not lost with a full disk: it goes to the program's own folder.
Error rescued(Error problem, const model::Snapshot& trained, const fs::path& target) {
    const fs::path place = freeName(stateDir() / target.filename());
    RunControl uninterrupted;
    if (exchange::exportMasked(trained, nullptr, place, {}, uninterrupted)) {
        problem.hint = "The trained model, masked, was kept as " + place.string();
    }
    return problem;
}

Result<std::optional<measure::Evaluation>> testOnce(const model::Snapshot& result,
                                                    const model::SnapshotPtr& dense,
                                                    const data::Dataset& dataset,
                                                    const TuneSpec& spec, const std::string& device,
                                                    const EventSink<>& events) {
    if (data::info(dataset).test == 0) return std::optional<measure::Evaluation>{};
    RunControl uninterrupted;  // after a stop the best so far is still worth its one test
    const measure::EvaluateOptions options{.split = data::Split::Test,
                                           .batchSize = 256,
                                           .maxSamples = 0,
                                           .device = device,
                                           .metrics = spec.recipe.metrics,
                                           .reference = dense};
    auto test = measure::evaluate(result, nullptr, dataset, options, events, uninterrupted);
    if (!test) return test.error();
    return std::optional{*test};
}

/// The same channels as before training, on the groups of the trained model.
Result<prune::ChannelChoicePtr> sameChannels(const model::SnapshotPtr& best,
                                             const prune::ChannelChoice& choice) {
    RunControl uninterrupted;
    auto groups = channels::analyse(best, uninterrupted, choice.groups->headUnit());
    if (!groups) return groups.error();
    const auto haveSameKey = [](const channels::Group& a, const channels::Group& b) {
        return a.key == b.key && a.width == b.width;
    };
    if (!std::ranges::equal((*groups)->groups(), choice.groups->groups(), haveSameKey)) {
        return Error{Error::Kind::Failed, "Cannot cut the trained model",
                     "its channel groups are not those that it was masked by",
                     "Write the masked model, and cut it with prune"};
    }
    auto same = std::make_shared<prune::ChannelChoice>(choice);
    same->groups = *groups;
    return prune::ChannelChoicePtr(std::move(same));
}

/// The trained model with what training kept at zero, its channels cut out. The plan is only for
/// the report: its weight rules have become base masks.
Result<CutOutcome> cutTrained(const train::TrainResult& training, const MaskedModel& pruned,
                              StageClock& clock, const EventSink<>& events) {
    RunControl uninterrupted;
    MaskedModel trained = pruned;
    trained.snapshot = training.best;
    if (const auto& masks = training.masks; masks && masks->channels()) {
        auto choice = sameChannels(training.best, *masks->channels());
        if (!choice) return choice.error();
        trained.choice = *choice;
        trained.groups = (*choice)->groups;
    }
    trained.plan.weights.clear();
    auto masks =
        prune::resolve(*trained.snapshot, trained.plan, trained.choice, nullptr, uninterrupted);
    if (!masks) return masks.error();
    trained.masks = *masks;
    auto outcome = cutOut(std::move(trained), {}, clock, events, uninterrupted);
    if (outcome) outcome->masked.plan = pruned.plan;
    return outcome;
}

/// What was written, opened as anyone would open it: a cut model is tested as it is.
Result<model::SnapshotPtr> resultAsWritten(const CutOutcome& outcome, const fs::path& file,
                                           const EventSink<>& events) {
    if (!outcome.model) return outcome.masked.snapshot;
    RunControl uninterrupted;
    const auto inputs = outcome.masked.snapshot->inputs();
    return model::openSnapshot(file, {.inputs = {inputs.begin(), inputs.end()}}, events,
                               uninterrupted);
}

fs::path folderOf(const TuneSpec& spec) {
    return spec.checkpoints.empty() ? spec.resume : spec.checkpoints;
}

bool hasCheckpoint(const fs::path& folder) {
    std::error_code ignored;
    return !folder.empty() && fs::exists(exchange::checkpointIn(folder), ignored);
}

/// Where the run's checkpoints go, and the one that it goes on from.
Result<train::RunLife> lifeOf(const TuneSpec& spec, const train::Recipe& recipe) {
    train::RunLife life;
    const fs::path folder = folderOf(spec);
    if (folder.empty()) return life;
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (auto sound = replaceableFile(exchange::checkpointIn(folder)); !sound) return sound.error();
    const std::shared_ptr<FolderLock> lock = FolderLock::take(folder);
    if (!lock) {
        return Error{Error::Kind::BadArgument, "Cannot keep checkpoints in " + folder.string(),
                     "another run is at work there", "Wait for it, or give another folder"};
    }
    if (spec.resume.empty() && hasCheckpoint(folder)) {
        return Error{Error::Kind::BadArgument, "Cannot start a run in " + folder.string(),
                     "it holds the checkpoint of a run that is not over",
                     cat("Continue that run (--resume ", folder.string(),
                         "), choose another folder, or delete it")};
    }
    if (!spec.resume.empty()) {
        auto saved = exchange::readCheckpoint(exchange::checkpointIn(spec.resume));
        if (!saved) return saved.error();
        const std::string difference = recipeDifference(recipe, saved->checkpoint->recipe);
        if (!difference.empty()) {
            return Error{Error::Kind::Mismatch, "Cannot continue from " + spec.resume.string(),
                         "the recipe is another one: " + difference,
                         "Give the recipe of that run, or none: the checkpoint has it"};
        }
        life.resumed = saved->checkpoint;
    }
    // The folder is this run's own for as long as it can write there.
    life.keep = [source = sourceOf(spec), folder, lock](const train::Checkpoint& checkpoint) {
        return exchange::writeCheckpoint(checkpoint, source, exchange::checkpointIn(folder));
    };
    return life;
}

/// What went wrong, and where the run can be taken up again.
Error withCheckpoint(Error error, const TuneSpec& spec, const train::Recipe& recipe) {
    const fs::path folder = folderOf(spec);
    if (error.kind == Error::Kind::Cancelled || !hasCheckpoint(folder)) return error;
    if (!error.hint.empty()) error.hint += ". ";
    error.hint += cat("The last checkpoint is in ", folder.string(), ": ",
                      resumeOptions(folder, recipe.device, error), " goes on from there");
    return error;
}

/// Removes the checkpoint of a run that is over; where one goes on from, when it is not.
fs::path settle(const TuneSpec& spec, const train::TrainResult& result) {
    const fs::path folder = folderOf(spec);
    const bool isOver = !result.stopped && !result.interruption;
    std::error_code ignored;
    if (isOver && !folder.empty()) fs::remove(exchange::checkpointIn(folder), ignored);
    return hasCheckpoint(folder) ? folder : fs::path();
}

fs::path outputOf(const TuneSpec& spec) {
    if (!spec.output.empty()) return spec.output;
    auto output = spec.model;
    return output.replace_filename(spec.model.stem().string() + "-pruned.pt");
}

/// The share of the prunable weights left in the model that goes, cut channels included.
double removedShare(const MaskedModel& pruned) {
    double weights = 0;
    double removed = 0;
    for (const model::Layer& layer : pruned.snapshot->layers()) {
        if (!layer.prunable.weights) continue;
        const std::int64_t base = pruned.snapshot->baseRemoved(layer.id);
        weights += static_cast<double>(layer.weightCount - base);
        removed += static_cast<double>(pruned.masks->removed(layer.id) - base);
    }
    return weights > 0 ? removed / weights : 0;
}

/// What is followed: the recipe as it was given or as it suits, with the edits over it.
Result<train::Recipe> recipeOf(const TuneSpec& spec, const MaskedModel& pruned,
                               const data::DatasetInfo& data) {
    train::Recipe recipe = spec.recipe;
    if (spec.suitsRecipe) {
        recipe = train::suggestedRecipe(*pruned.snapshot, data,
                                        spec.preset.empty() ? removedShare(pruned) : 0);
        recipe.seed = spec.recipe.seed;
        recipe.device = spec.recipe.device;
        recipe.metrics = spec.recipe.metrics;
    }
    if (!spec.preset.empty()) {
        auto preset = train::withPreset(recipe, spec.preset);
        if (!preset) return preset;
        recipe = *preset;
    }
    if (!spec.edits.schedule.empty()) recipe.schedule.name = spec.edits.schedule;
    if (spec.edits.lr) recipe.optimizer.lr = *spec.edits.lr;
    if (spec.edits.validation) recipe.validation = *spec.edits.validation;
    if (spec.edits.epochs) recipe = train::withEpochs(recipe, *spec.edits.epochs);
    if (auto sound = train::check(recipe); !sound) return sound.error();
    return recipe;
}

/// What can be refused before anything is read.
Result<void> checkRecipe(const train::Recipe& recipe) {
    if (auto sound = train::check(recipe); !sound) return sound.error();
    if (auto computes = train::checkPrecision(recipe); !computes) return computes.error();
    const fs::path earlier = recipe.schedule.rewindTo;
    std::error_code ignored;
    if (earlier.empty() || fs::exists(earlier, ignored)) return {};
    return Error{Error::Kind::NotFound, "Cannot go back to earlier weights",
                 cat("schedule.rewind_to is ", earlier.string(), ", and there is no such file"),
                 "Name a TorchScript file of this model, or leave it out to go back to the weights "
                 "at the start"};
}

/// Opens data and model and applies the choice: everything that can be refused before training
/// starts.
Result<TuneSetup> setUpTuning(const TuneSpec& spec, StageClock& clock, const EventSink<>& events,
                              RunControl& control) {
    if (auto sound = checkRecipe(spec.recipe); !sound) return sound.error();
    auto dataSpec = spec.data;
    dataSpec.validation = spec.edits.validation.value_or(spec.recipe.validation);
    if (dataSpec.augment.empty()) dataSpec.augment = spec.recipe.augment;
    auto dataset = openData(dataSpec, control);
    if (!dataset) return dataset.error();
    if (data::info(**dataset).train == 0) return data::nothingToTrainOn(data::info(**dataset));
    auto inputs = inputsFor(spec.inputs, spec.choice.planFile);
    if (!inputs) return inputs.error();
    auto snapshot =
        openFor(spec.model, {*inputs, baseMasksFor(spec.choice)}, **dataset, events, control);
    if (!snapshot)
        return notOpened(snapshot.error(), {spec.model, spec.inputs, spec.choice.planFile},
                         control);
    auto pruned = applyChoice(*snapshot, spec.choice, {dataset->get(), spec.recipe.metrics}, clock,
                              events, control);
    if (!pruned) return pruned.error();
    if (pruned->masks->removed() == 0)
        pruned->notes.push_back(
            "Nothing is pruned: --weights, --channels, --goal or --plan say what goes");
    const auto fits = measure::checkFit(**snapshot, **dataset, spec.recipe.metrics);
    if (!fits) return fits.error();
    std::ranges::copy(fits->notes, std::back_inserter(pruned->notes));
    const auto recipe = recipeOf(spec, *pruned, data::info(**dataset));
    if (!recipe) return recipe.error();
    if (dataSpec.augment.empty() && !recipe->augment.empty()) {
        dataSpec.augment = recipe->augment;
        dataset = data::openDataset(dataSpec, control);  // its notes have been told
        if (!dataset) return dataset.error();
    }
    TuneSetup setup{*dataset, *pruned, *recipe, nullptr};
    if (spec.teacher.empty()) return setup;
    if (!recipe->distillation) {
        return Error{Error::Kind::BadArgument,
                     cat("Cannot learn from ", spec.teacher.filename().string()),
                     "the recipe has no distillation",
                     "Add \"distillation\": {\"weight\": 0.5} to it, or leave --teacher out"};
    }
    auto teacher = openFor(spec.teacher, {.inputs = *inputs}, **dataset, events, control);
    if (!teacher) return teacher.error();
    setup.teacher = *teacher;
    return setup;
}

/// No training mends a model that gives no numbers, and what it says of the loss would mislead.
Result<void> checkOpened(const measure::Evaluation& opened, const TuneSpec& spec) {
    const bool isNumber =
        opened.metric.kind == measure::Metric::Kind::Agreement || !std::isnan(opened.loss);
    if (isNumber || opened.notes.empty()) return {};
    return Error{Error::Kind::Damaged, cat("Cannot fine-tune ", spec.model.filename().string()),
                 opened.notes.back(), ""};
}

/// What the report tells of the training, its conditions and its weights.
Result<void> describe(TuneOutcome& outcome, const TuneSpec& spec, const TuneSetup& setup,
                      const CutOutcome& cut, RunControl& control) {
    const train::TrainResult& training = outcome.training;
    exchange::PruneReport& report = outcome.report;
    report.training = exchange::TrainingSummary{training.epochs,
                                                training.bestEpoch,
                                                outcome.opened,
                                                training.before,
                                                training.after,
                                                outcome.test,
                                                exchange::recipeToJson(outcome.recipe),
                                                outcome.recipe.seed};
    report.accuracyBefore = outcome.opened;
    report.accuracyAfter = training.after;
    report.curve = exchange::TrainingCurve{training.before.metric, training.samples};
    report.command = commandLine(argumentsOf(spec));
    report.data = summaryOf(*setup.dataset);
    const auto device = measure::findDevice(outcome.recipe.device);
    report.environment.device = device ? measure::describe(*device) : outcome.recipe.device;
    if (spec.report.empty()) return {};
    return exchange::countWeights(report, *setup.pruned.snapshot, *cut.masked.snapshot,
                                  cut.masked.masks, control);
}

}  // namespace

Result<TuneOutcome> runTune(const TuneSpec& spec, const EventSink<train::TrainSample>& events,
                            RunControl& control) {
    if (auto sound = checkTargets(
            {spec.model, spec.data.path, spec.choice.planFile, spec.recipeFile, spec.teacher},
            {outputOf(spec), spec.metrics, spec.report, reportBeside(spec.report)});
        !sound) {
        return sound.error();
    }
    const EventSink<> progress{events.onProgress, {}};
    StageClock clock(progress);
    clock.start("load", "Opening " + spec.model.filename().string());
    auto setup = setUpTuning(spec, clock, progress, control);
    if (!setup) return setup.error();
    auto life = lifeOf(spec, setup->recipe);
    if (!life) return life.error();

    clock.start("measure", "Measuring the model as it was opened");
    const auto opened = measure::evaluate(
        *setup->pruned.snapshot, nullptr, *setup->dataset,
        {.batchSize = 256, .device = spec.recipe.device, .metrics = spec.recipe.metrics}, progress,
        control);
    if (!opened) return opened.error();
    if (auto sound = checkOpened(*opened, spec); !sound) return sound.error();
    clock.start("train", cat("Fine-tuning: ", train::describe(setup->recipe)));
    auto trained = train(*setup, spec, *life, events, control);
    if (!trained) return withCheckpoint(trained.error(), spec, setup->recipe);
    const train::TrainResult* training = &*trained;
    const auto lost = [&](const Error& error) {
        return rescued(error, *training->best, outputOf(spec));
    };

    auto cut = cutTrained(*training, setup->pruned, clock, progress);
    if (!cut) return lost(cut.error());
    TuneOutcome outcome{*training,
                        setup->recipe,
                        reportOf(*cut, *setup->pruned.snapshot),
                        outputOf(spec),
                        *opened,
                        {},
                        {}};
    clock.start("save", "Writing and checking the result");
    StagedOutputs outputs;
    const fs::path staged = outputs.stage(outcome.output);
    RunControl uninterrupted;  // after a stop the best so far is still written
    auto written =
        cut->model ? channels::saveCut(*cut->model, staged, {}, uninterrupted)
                   : exchange::exportMasked(*training->best, nullptr, staged, {}, uninterrupted);
    if (!written) return lost(outputs.named(written.error()));
    outcome.report.fileBytesAfter = static_cast<std::int64_t>(fs::file_size(staged));

    clock.start("test", "Testing");
    const auto result = resultAsWritten(*cut, staged, progress);
    if (!result) return lost(result.error());
    const std::string device = training->interruption ? "cpu" : spec.recipe.device;
    auto test = testOnce(**result, setup->pruned.snapshot, *setup->dataset, spec, device, progress);
    if (!test) return lost(test.error());
    outcome.test = *test;
    outcome.report.seconds = clock.finish();
    if (auto described = describe(outcome, spec, *setup, *cut, uninterrupted); !described)
        return lost(described.error());
    if (auto reported = writeReport(outcome.report, spec.report, outputs); !reported)
        return lost(outputs.named(reported.error()));
    if (auto done = outputs.commit(); !done) return lost(done.error());
    outcome.checkpoints = settle(spec, *training);
    return outcome;
}

}  // namespace espalier::project
