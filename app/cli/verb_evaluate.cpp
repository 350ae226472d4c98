// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "app/cli/options.h"
#include "app/cli/summary.h"
#include "app/cli/table.h"
#include "app/cli/verb.h"
#include "core/base/format.h"
#include "core/measure/runtime.h"
#include "core/project/tasks.h"

namespace espalier::cli {

namespace {

struct Options {
    project::EvaluateSpec spec;
    bool json = false;
};

std::string classTable(const measure::Evaluation& evaluation) {
    std::vector<std::vector<std::string>> rows{{"class", "samples", "top-1"}};
    for (const auto& entry : evaluation.classes) {
        const auto share = static_cast<double>(entry.correct) / static_cast<double>(entry.samples);
        rows.push_back({entry.name, exactCount(entry.samples),
                        entry.samples > 0 ? percent(share, 2) : "\u2013"});
    }
    return table(rows, {Align::Left, Align::Right, Align::Right});
}

int evaluate(Console& console, const Options& options) {
    measure::setUpTorchThread(options.spec.threads);
    auto evaluation = project::runEvaluate(options.spec, console.events(), console.control());
    if (!evaluation) return console.fail(evaluation.error());
    const bool hasClasses = !evaluation->classes.empty();
    console.out(options.json
                    ? exchange::evaluationToJson(*evaluation)
                    : describe(*evaluation) + (hasClasses ? "\n\n" + classTable(*evaluation) : ""));
    for (const std::string& note : evaluation->notes) console.note(note + ".");
    return kDone;
}

}  // namespace

Verb evaluateVerb() {
    return {"evaluate", "Measure accuracy, loss or agreement on a dataset",
            [](CLI::App& app) -> Action {
                auto options = std::make_shared<Options>();
                auto& spec = options->spec;
                addModel(app, spec.model);
                addInputs(app, spec.inputs);
                addData(app, spec.data);
                addValidationShare(app, spec.data.validation);
                addParsed(app, "--split", spec.split, data::parseSplit, "train, val or test")
                    ->default_str("test");
                addMetrics(app, spec.metrics);
                app.add_option("--reference", spec.reference,
                               "The dense model, where agreement with it is measured");
                addDevice(app, spec.device);
                addThreads(app, spec.threads);
                app.add_option("--batch-size", spec.batchSize, "Samples per forward pass")
                    ->check(atLeast(1))
                    ->capture_default_str();
                addJson(app, options->json);
                return [options](Console& console) { return evaluate(console, *options); };
            }};
}

}  // namespace espalier::cli
