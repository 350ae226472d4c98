// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "app/cli/options.h"
#include "app/cli/summary.h"
#include "app/cli/verb.h"
#include "app/cli/verb_options.h"
#include "core/project/tasks.h"

namespace espalier::cli {

namespace {

struct Options {
    project::PruneSpec spec;
    bool json = false;
};

std::string whatIsKnown(const exchange::PruneReport& report) {
    if (!report.proof) return ": loaded again and run, it gives what the masked model gives.";
    if (report.proof->isVacuous) return ": cut and loaded again; the proof says little.";
    return ": cut, proved, and loaded again.";
}

int prune(Console& console, const Options& options) {
    const project::PruneChoice& choice = options.spec.choice;
    const bool asksForNothing =
        choice.planFile.empty() && !choice.goal && !choice.weights && !choice.channels;
    if (asksForNothing) {
        console.note(
            "No --plan, --goal, --weights or --channels: nothing goes but what is zero already.");
    }
    auto report = project::runPrune(options.spec, console.events(), console.control());
    if (!report) return console.fail(report.error());
    for (const std::string& note : report->notes) console.note(note + ".");
    console.out(options.json ? exchange::reportToJson(*report) : describe(*report));
    console.note("Wrote " + options.spec.output.string() + whatIsKnown(*report));
    return kDone;
}

}  // namespace

void addPrune(CLI::App& app, project::PruneSpec& spec) {
    addModel(app, spec.model);
    addInputs(app, spec.inputs);
    addChoice(app, spec.choice);
    addData(app, spec.data)->required(false);
    addValidationShare(app, spec.data.validation);
    addLoss(app, spec.metrics);
    app.add_flag("--compensate-bias", spec.compensateBias,
                 "Add the constants that cut channels still gave to the next layer's "
                 "bias, where that is exact");
    app.add_option("--output", spec.output, "The pruned model")->required();
    app.add_option("--masked-output", spec.maskedOutput,
                   "The same decision with the original shapes and zeros");
    app.add_option("--save-plan", spec.savePlan,
                   "Write the plan that was used, one rule per layer and group");
    app.add_option("--report", spec.report,
                   "Write a report: *.html for people with JSON beside it, else JSON");
}

Verb pruneVerb() {
    return {"prune", "Remove weights and cut channels by a plan or a share, and write the model",
            [](CLI::App& app) -> Action {
                auto options = std::make_shared<Options>();
                addPrune(app, options->spec);
                addJson(app, options->json);
                return [options](Console& console) { return prune(console, *options); };
            }};
}

}  // namespace espalier::cli
