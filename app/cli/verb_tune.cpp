// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <memory>

#include "app/cli/options.h"
#include "app/cli/summary.h"
#include "app/cli/verb.h"
#include "app/cli/verb_options.h"
#include "core/base/format.h"
#include "core/base/time_text.h"
#include "core/exchange/recipe_file.h"
#include "core/measure/runtime.h"
#include "core/project/tasks.h"
#include "core/project/tune_source.h"
#include "core/project/way_on.h"
#include "core/train/precision.h"
#include "core/train/presets.h"

namespace espalier::cli {

namespace {

std::vector<std::string> presetNames() {
    std::vector<std::string> names;
    for (const train::Preset& preset : train::presets()) names.emplace_back(preset.name);
    return names;
}

/// The recipe file, then what the command line says over it.
Result<train::Recipe> recipeOf(const project::TuneSpec& spec, train::Recipe recipe) {
    if (!spec.recipeFile.empty()) {
        auto read = exchange::readRecipe(spec.recipeFile);
        if (!read) return read;
        recipe = *read;
    }
    if (const auto seed = spec.choice.seed) recipe.seed = *seed;
    if (!spec.edits.device.empty()) recipe.device = spec.edits.device;
    if (!spec.resume.empty() && recipe.device == "cpu") recipe = train::onCpu(recipe);
    const measure::MetricOptions& given = spec.edits.metrics;
    if (!given.output.empty()) recipe.metrics.output = given.output;
    if (!given.loss.empty()) recipe.metrics.loss = given.loss;
    if (!given.metric.empty()) recipe.metrics.metric = given.metric;
    return recipe;
}

std::string epochLine(const train::TrainSample& sample) {
    const std::string top1 =
        std::isnan(sample.top1) ? std::string() : cat("  top-1 ", percent(sample.top1, 2));
    const bool isOther = !(sample.score == sample.top1 || sample.score == sample.valLoss);
    return cat("epoch ", sample.epoch, "  loss ", significant(sample.loss), "  validation loss ",
               significant(sample.valLoss), top1,
               isOther ? cat("  metric ", significant(sample.score)) : "", "  lr ",
               significant(sample.lr), "  ", timeText(sample.seconds));
}

/// Which weights these are.
std::string originOf(const train::TrainResult& training) {
    if (training.bestEpoch > training.epochs) return cat("stopped in epoch ", training.bestEpoch);
    if (training.bestEpoch == 0) return "no epoch was better than before";
    return cat("best of ", training.epochs,
               training.epochs == 1 ? " epoch: " : " epochs: ", training.bestEpoch);
}

void printOutcome(Console& console, const project::TuneOutcome& outcome) {
    const auto& training = outcome.training;
    for (const std::string& note : outcome.report.notes) console.note(note + ".");
    console.out(describe(outcome.report));
    const measure::Metric& metric = training.before.metric;
    const bool isAtOnce = outcome.recipe.schedule.name == "one_shot";
    const std::string started = isAtOnce ? " pruned" : " before training";
    console.note(cat("recipe: ", train::describe(outcome.recipe)));
    console.out(cat("\nvalidation ", metric.title(), ": ", metric.text(outcome.opened.score),
                    " as opened, ", metric.text(training.before.score), started, ", ",
                    metric.text(training.after.score), " after fine-tuning (", originOf(training),
                    ")"));
    if (outcome.test) console.out(describe(*outcome.test));
}

int tune(Console& console, const TuneOptions& options) {
    auto asked = specOf(options);
    if (!asked) return console.fail(asked.error());
    const project::TuneSpec& spec = *asked;
    measure::setUpTorchThread(spec.threads);
    auto events = console.events<train::TrainSample>();
    events.onPartial = [&console](const train::TrainSample& sample) {
        if (!std::isnan(sample.valLoss)) console.note(epochLine(sample));
    };
    auto outcome = project::runTune(spec, events, console.control());
    if (!outcome) return console.fail(outcome.error());
    if (options.json) {
        console.out(exchange::reportToJson(outcome->report));
    } else {
        printOutcome(console, *outcome);
    }
    const bool stopped = outcome->training.stopped;
    const auto& interruption = outcome->training.interruption;
    if (interruption) console.note("espalier-cli: " + interruption->text());
    console.note(cat(stopped || interruption ? "Stopped; wrote the best so far: " : "Wrote ",
                     outcome->output.string()));
    if (!outcome->checkpoints.empty()) {
        console.note(cat("Go on with: espalier-cli tune ",
                         project::resumeOptions(outcome->checkpoints, outcome->recipe.device,
                                                interruption.value_or(Error()))));
    }
    return interruption ? kFailed : stopped ? kCancelled : kDone;
}

}  // namespace

Result<project::TuneSpec> specOf(const TuneOptions& options) {
    project::TuneSpec spec = options.spec;
    train::Recipe start;
    if (!spec.resume.empty()) {
        auto run = project::specOfRun(spec.resume);
        if (!run) return run;
        spec = project::withRun(std::move(spec), *run);
        start = run->recipe;
    }
    for (const auto& [isMissing, name] :
         {std::pair(spec.model.empty(), "MODEL"), std::pair(spec.data.path.empty(), "--data")}) {
        if (isMissing)
            return Error{Error::Kind::BadArgument,
                         cat(name, " is required"),
                         {},
                         "espalier-cli tune --help says what it takes"};
    }
    auto recipe = recipeOf(options.spec, std::move(start));
    if (!recipe) return recipe.error();
    spec.recipe = *recipe;
    spec.suitsRecipe = spec.recipeFile.empty() && (spec.resume.empty() || !spec.preset.empty());
    return spec;
}

void addTune(CLI::App& app, TuneOptions& options) {
    auto& spec = options.spec;
    addModel(app, spec.model)->required(false);
    addInputs(app, spec.inputs);
    addData(app, spec.data)->required(false);
    addValidationShare(app, spec.edits.validation);
    addChoice(app, spec.choice);
    app.add_option("--recipe", spec.recipeFile,
                   "How to train (*.espalier-recipe.json; default: as suits how much is "
                   "pruned)");
    app.add_option("--recipe-preset", spec.preset, "A known way of pruning, made of the recipe")
        ->check(CLI::IsMember(presetNames()));
    app.add_option("--schedule", spec.edits.schedule,
                   "When weights go: one_shot, iterative, agp, lottery or movement "
                   "(default: the recipe's)");
    app.add_option("--epochs", spec.edits.epochs,
                   "Epochs of the whole run (default: the recipe's)");
    app.add_option("--lr", spec.edits.lr, "Learning rate (default: the recipe's)");
    addMetrics(app, spec.edits.metrics);
    app.add_option("--device", spec.edits.device,
                   "auto, cpu, cuda, cuda:1 … (default: the recipe's)");
    app.add_option("--teacher", spec.teacher,
                   "The model that distillation learns from, a TorchScript file (default: MODEL "
                   "before it is pruned)");
    app.add_option("--checkpoints", spec.checkpoints,
                   "A folder of this run's own: after every epoch, and when it is stopped, "
                   "all that the run needs to go on is written there")
        ->type_name("DIR");
    app.add_option("--resume", spec.resume,
                   "Go on with the run whose checkpoint is in this folder; model, data, "
                   "recipe and outputs are that run's where they are not given")
        ->type_name("DIR");
    addThreads(app, spec.threads);
    app.add_option("--metrics", spec.metrics,
                   "Write loss, accuracy … of every step and epoch as CSV");
    app.add_option("--report", spec.report,
                   "Write a report: *.html for people with JSON beside it, else JSON");
    app.add_option("--output", spec.output,
                   "The result (default: NAME-pruned.pt beside the model)");
    addJson(app, options.json);
}

Verb tuneVerb() {
    return {"tune", "Prune, fine-tune so that accuracy comes back, and cut channels out",
            [](CLI::App& app) -> Action {
                auto options = std::make_shared<TuneOptions>();
                addTune(app, *options);
                return [options](Console& console) { return tune(console, *options); };
            }};
}

}  // namespace espalier::cli
