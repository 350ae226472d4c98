// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <memory>
#include <optional>

#include "app/cli/options.h"
#include "app/cli/table.h"
#include "app/cli/verb.h"
#include "core/base/format.h"
#include "core/base/time_text.h"
#include "core/exchange/scan_files.h"
#include "core/project/tasks.h"

namespace espalier::cli {

namespace {

struct Options {
    project::ScanSpec spec;
    std::optional<double> drop;  // that may be lost, in the unit of --max-drop
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

/// "1 pt" of a share, "1 %" of a loss, "1" of a module's metric.
std::string dropText(const measure::Metric& metric, double drop) {
    if (metric.kind == measure::Metric::Kind::Module) return significant(drop);
    return cat(significant(100 * drop), metric.isShare() ? " pt" : " %");
}

std::string shortTitle(const measure::Metric& metric) {
    return metric.kind == measure::Metric::Kind::Agreement ? "agreement" : metric.title();
}

std::string sensitivityTable(const measure::Sensitivity& sensitivity, double drop) {
    const measure::Metric& metric = sensitivity.metric;
    std::vector<std::vector<std::string>> rows{
        {"layer", cat("largest sparsity within ", dropText(metric, drop)),
         cat(shortTitle(metric), " there"), "levels"}};
    for (const auto& curve : sensitivity.curves) {
        const auto* at = pointAtLargest(curve);
        rows.push_back({curve.name, at ? percent(at->sparsity, 0) : "under 5 %",
                        at ? metric.text(at->figures.score) : "–",
                        std::to_string(curve.points.size())});
    }
    return table(rows, {Align::Left, Align::Right, Align::Right, Align::Right});
}

/// "dense top-1 98.97 %"; a model agrees with itself, so its loss of 0 says nothing either.
std::string denseText(const measure::Sensitivity& sensitivity) {
    const measure::Metric& metric = sensitivity.metric;
    if (metric.kind == measure::Metric::Kind::Agreement) return metric.title();
    return cat("dense ", metric.title(), " ", metric.text(sensitivity.dense.score));
}

/// Points and percents are hundredths; a module's metric has a unit of its own, which nobody can
/// guess a default in.
Result<double> dropOf(const Options& options) {
    const auto names = measure::metricNames();
    const std::string& metric = options.spec.options.metrics.metric;
    const bool isModule = !metric.empty() && std::ranges::find(names, metric) == names.end();
    if (!isModule) return options.drop.value_or(1) / 100;
    if (options.drop) return *options.drop;
    return Error{Error::Kind::BadArgument, cat("Cannot tell how much of ", metric, " may be lost"),
                 "its unit is its own", "Give --max-drop, in that unit"};
}

int sensitivity(Console& console, const Options& options) {
    auto spec = options.spec;
    const auto drop = dropOf(options);
    if (!drop) return console.fail(drop.error());
    spec.options.maxDrop = *drop;
    if (options.isExhaustive) spec.options.levels = measure::KneeSearch::Levels::All;
    const auto tell = [&console](const measure::ScanEstimate& estimate) {
        console.note(measure::describe(estimate) + ".");
    };
    auto found =
        project::runScan(spec, console.events<measure::ScanPoint>(), console.control(), tell);
    if (!found) return console.fail(found.error());
    for (const auto& note : found->notes) console.note(note + ".");
    if (options.json) {
        console.out(exchange::sensitivityToJson(*found, spec.options));
    } else {
        console.out(cat(denseText(*found), " on ", exactCount(found->samples), " samples of the ",
                        data::name(spec.options.split), " split\n\n",
                        sensitivityTable(*found, *drop)));
    }
    console.note(cat("Wrote ", spec.output.string(), ": ", found->evaluations, " evaluations in ",
                     timeText(found->seconds), "."));
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
                addValidationShare(app, spec.data.validation);
                addParsed(app, "--structure", spec.options.structure, measure::parseStructure,
                          "weights (each tensor) or channels (each group)")
                    ->default_str("weights");
                app.add_option(
                    "--criterion", spec.options.criterion,
                    "How weights or channels are ranked (default: magnitude, l2); one that needs "
                    "data is measured first");
                app.add_option("--seed", spec.options.seed,
                               "Of the criterion random, and of the samples that others look at")
                    ->capture_default_str();
                addMetrics(app, spec.options.metrics);
                app.add_option("--max-drop", options->drop,
                               "What a layer may cost: points of top1, top5 or agreement, per cent "
                               "of the dense loss, or the unit of a metric module (default: 1; for "
                               "a module there is none)")
                    ->check(atLeast(0));
                app.add_option("--samples", spec.options.samples,
                               "Of the validation split, each class by its share (default: all)")
                    ->check(atLeast(1));
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
