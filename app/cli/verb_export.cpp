// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "app/cli/options.h"
#include "app/cli/summary.h"
#include "app/cli/verb.h"
#include "app/cli/verb_options.h"
#include "core/base/format.h"
#include "core/exchange/model_format.h"
#include "core/project/tasks.h"

namespace espalier::cli {

namespace {

struct Options {
    project::ExportSpec spec;
    bool json = false;
};

std::string formatNames() {
    std::string names;
    for (const auto& format : exchange::modelFormats()) {
        names += cat(names.empty() ? "" : ", ", format.name);
    }
    return names;
}

Result<std::string> knownFormat(const std::string& text) {
    const auto format = exchange::findModelFormat(text);
    if (!format) return format.error();
    return text;
}

int exportModel(Console& console, const Options& options) {
    const auto& spec = options.spec;
    auto report = project::runExport(spec, console.events(), console.control());
    if (!report) return console.fail(report.error());
    for (const std::string& note : report->notes) console.note(note + ".");
    console.out(options.json ? exchange::reportToJson(*report) : describe(*report));
    console.note(cat("Wrote ", spec.output.string(), " as ", spec.format,
                     report->proof && !spec.isMasked ? ": cut and proved, read again and compared."
                                                     : ": read again and compared."));
    return kDone;
}

}  // namespace

void addExport(CLI::App& app, project::ExportSpec& spec) {
    addModel(app, spec.model);
    addInputs(app, spec.inputs);
    app.add_option("--plan", spec.choice.planFile,
                   "A plan (*.espalier-plan.json), applied first; without one the "
                   "model is written as it is");
    app.add_flag("--ignore-zeros", spec.choice.ignoreZeros,
                 "Weights that are zero in the file are weights like any other, as the plan took "
                 "them");
    app.add_flag("--masked", spec.isMasked,
                 "Keep the original shapes, with zeros in all that the plan removes "
                 "(default: removed channels are cut out)");
    app.add_flag("--allow-inexact", spec.choice.allowInexact,
                 "Also cut groups whose statistics (layer norm, group norm …) then run "
                 "over fewer channels");
    addData(app, spec.data)->required(false);
    addValidationShare(app, spec.data.validation);
    addLoss(app, spec.metrics);
    addParsed(app, "--format", spec.format, knownFormat, formatNames())
        ->type_name("FORMAT")
        ->required();
    app.add_option("--output", spec.output, "The file to write")->required();
}

Verb exportVerb() {
    return {"export", "Write the model, pruned by a plan, in a format for other programs",
            [](CLI::App& app) -> Action {
                auto options = std::make_shared<Options>();
                addExport(app, options->spec);
                addJson(app, options->json);
                return [options](Console& console) { return exportModel(console, *options); };
            }};
}

}  // namespace espalier::cli
