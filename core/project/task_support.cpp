// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/task_support.h"

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/base/log.h"
#include "core/exchange/plan_file.h"

namespace espalier::project {

namespace fs = std::filesystem;

namespace {

std::vector<exchange::LayerOutcome> layerOutcomes(const model::Snapshot& snapshot,
                                                  const prune::Plan& plan,
                                                  const prune::Masks& masks) {
    std::vector<exchange::LayerOutcome> outcomes;
    for (const auto& layer : snapshot.layers()) {
        if (!layer.prunable.weights) continue;
        exchange::LayerOutcome outcome{layer.name, std::nullopt, masks.sparsity(layer.id)};
        const auto rule = plan.weights.find(layer.name);
        if (rule != plan.weights.end() && rule->second.kind == prune::WeightRule::Kind::Sparsity) {
            outcome.requested = rule->second.value;
        }
        outcomes.push_back(outcome);
    }
    return outcomes;
}

}  // namespace

Result<prune::Plan> makePlan(const model::Snapshot& snapshot, const PruneChoice& choice,
                             RunControl& control) {
    if (!choice.planFile.empty()) {
        auto plan = exchange::readPlan(choice.planFile);
        if (!plan) return plan;
        if (auto fits = prune::check(*plan, snapshot); !fits) return fits.error();
        if (!prune::isForFile(*plan, snapshot)) {
            log(LogLevel::Warning,
                cat(choice.planFile.filename().string(), " was made for another file (",
                    plan->modelFile, "); its layers fit, so it is used"));
        }
        return plan;
    }
    prune::Plan plan = prune::emptyPlan(snapshot);
    plan.weightCriterion = choice.criterion;
    plan.seed = choice.seed;
    if (!choice.weights) return plan;
    return prune::withSparsityEverywhere(snapshot, plan, *choice.weights, choice.scope, control);
}

Result<std::vector<script::InputSpec>> inputsFor(const std::vector<script::InputSpec>& given,
                                                 const fs::path& planFile) {
    if (!given.empty() || planFile.empty()) return given;
    auto plan = exchange::readPlan(planFile);
    if (!plan) return plan.error();
    return plan->inputs;
}

Result<model::SnapshotPtr> openFor(const fs::path& path,
                                   const std::vector<script::InputSpec>& inputs,
                                   const data::Dataset& dataset, const EventSink<>& events,
                                   RunControl& control) {
    if (!inputs.empty()) return model::openSnapshot(path, {.inputs = inputs}, events, control);
    script::InputSpec sample;
    sample.shape = data::info(dataset).sampleShape;
    sample.shape.insert(sample.shape.begin(), 1);
    auto opened = model::openSnapshot(path, {.inputs = {sample}}, events, control);
    if (opened || opened.error().kind != Error::Kind::BadArgument) return opened;
    // The data does not fit. With guessed inputs the model opens, and checkFit can say what it
    // takes instead.
    auto guessed = model::openSnapshot(path, {}, events, control);
    return guessed ? guessed : opened;
}

Result<MaskedModel> applyChoice(model::SnapshotPtr snapshot, const PruneChoice& choice,
                                RunControl& control) {
    auto plan = makePlan(*snapshot, choice, control);
    if (!plan) return plan.error();
    auto masks = prune::resolve(*snapshot, *plan, nullptr, control);
    if (!masks) return masks.error();
    return MaskedModel{std::move(snapshot), std::move(*plan), std::move(*masks)};
}

exchange::PruneReport reportOf(const model::Snapshot& snapshot, const prune::Plan& plan,
                               const prune::Masks& masks) {
    exchange::PruneReport report;
    report.before = prune::denseFootprint(snapshot);
    report.after = prune::footprint(snapshot, masks);
    report.fileBytesBefore = static_cast<std::int64_t>(snapshot.file().bytes);
    for (const auto& input : snapshot.inputs()) report.inputs.push_back(script::toString(input));
    report.layers = layerOutcomes(snapshot, plan, masks);
    return report;
}

Result<void> writeReport(const exchange::PruneReport& report, const fs::path& path,
                         StagedOutputs& outputs) {
    if (path.empty()) return {};
    return writeTextAtomically(outputs.stage(path), exchange::reportToJson(report) + "\n");
}

}  // namespace espalier::project
