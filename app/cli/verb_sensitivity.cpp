// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include "app/cli/options.h"
#include "app/cli/table.h"
#include "app/cli/verb.h"
#include "core/base/format.h"
#include "core/exchange/scan_files.h"
#include "core/project/tasks.h"

namespace espalier::cli {

namespace {

struct Options {
    project::ScanSpec spec;
    double points = 1;  // that may be lost
    bool isExhaustive = false;
    bool json = false;
};

/// The measured point at the largest sparsity; null when there is none.
const measure::ScanPoint* pointAtLargest(const measure::SensitivityCurve& curve) {
    for (const auto& point : curve.points) {
        if (curve.largest && point.sparsity == *curve.largest) return &point;
    }
    return nullptr;
}

std::string sensitivityTable(const measure::Sensitivity& sensitivity, double points) {
    std::vector<std::vector<std::string>> rows{
        {"layer", cat("largest sparsity within ", significant(points), " pt"), "top-1 there",
         "levels"}};
    for (const auto& curve : sensitivity.curves) {
        const auto* at = pointAtLargest(curve);
        rows.push_back({curve.name, at ? percent(at->sparsity, 0) : "under 5 %",
                        at ? percent(at->figures.top1, 2) : "–",
                        std::to_string(curve.points.size())});
    }
    return table(rows, {Align::Left, Align::Right, Align::Right, Align::Right});
}

int sensitivity(Console& console, const Options& options) {
    auto spec = options.spec;
    spec.options.maxDrop = options.points / 100;
    if (options.isExhaustive) spec.options.levels = measure::KneeSearch::Levels::All;
    auto found = project::runScan(spec, console.events<measure::ScanPoint>(), console.control());
    if (!found) return console.fail(found.error());
    for (const auto& note : found->notes) console.note(note + ".");
    if (options.json) {
        console.out(exchange::sensitivityToJson(*found, spec.options));
    } else {
        console.out(cat("dense top-1 ", percent(found->dense.top1, 2), " on ",
                        exactCount(found->samples), " samples of the ",
                        data::name(spec.options.split), " split\n\n",
                        sensitivityTable(*found, options.points)));
    }
    console.note(cat("Wrote ", spec.output.string(), ": ", found->evaluations, " evaluations in ",
                     duration(found->seconds), "."));
    return kDone;
}

}  // namespace

Verb sensitivityVerb() {
    return {"sensitivity", "Measure what pruning each layer alone costs, without retraining",
            [](CLI::App& app) -> Action {
                auto options = std::make_shared<Options>();
                auto& spec = options->spec;
                addModel(app, spec.model);
                addInputs(app, spec.inputs);
                addData(app, spec.data);
                addParsed(app, "--structure", spec.options.structure, measure::parseStructure,
                          "weights (each tensor) or channels (each group)")
                    ->default_str("weights");
                app.add_option("--criterion", spec.options.criterion,
                               "How weights or channels are ranked (default: magnitude, l2)");
                app.add_option("--seed", spec.options.seed, "Of the criterion random")
                    ->capture_default_str();
                app.add_option("--max-drop", options->points,
                               "Points of top-1 that a layer may cost")
                    ->check(CLI::Range(0.0, 100.0))
                    ->capture_default_str();
                app.add_option("--samples", spec.options.samples,
                               "Of the validation split, from its start (default: all)")
                    ->check(CLI::Range(1, 1 << 30));
                app.add_flag("--exhaustive", options->isExhaustive,
                             "Measure all levels, 5 % to 95 %, not only those that lead to the "
                             "knee");
                addDevice(app, spec.options.device);
                app.add_option("--log", spec.log, "Write a line for each evaluation really made");
                app.add_option("--output", spec.output,
                               "CSV with the columns parameter,sparsity,top1,top5,loss")
                    ->required();
                addJson(app, options->json);
                return [options](Console& console) { return sensitivity(console, *options); };
            }};
}

}  // namespace espalier::cli
