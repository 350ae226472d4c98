// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/run_life.h"

#include <algorithm>
#include <utility>

#include "core/base/log.h"
#include "core/exchange/checkpoint_file.h"
#include "core/exchange/export.h"
#include "core/exchange/plan_file.h"
#include "core/project/tune_source.h"
#include "ui/jobs/torch_threads.h"

namespace espalier::ui {

bool hasBaseMasks(const model::Snapshot& snapshot) {
    return std::ranges::any_of(snapshot.layers(), [&](const model::Layer& layer) {
        return snapshot.baseRemoved(layer.id) > 0;
    });
}

void fillIn(measure::MetricOptions& metrics, const measure::MetricOptions& chosen) {
    if (metrics.output.empty()) metrics.output = chosen.output;
    if (metrics.loss.empty()) metrics.loss = chosen.loss;
    if (metrics.metric.empty()) metrics.metric = chosen.metric;
}

namespace {

/// Writes plan and model where they do not lie in files yet.
Result<project::TuneSpec> written(const RunFolder& folder, const RunSource& source,
                                  const train::Recipe& recipe) {
    project::TuneSpec spec;
    spec.model = source.snapshot->file().path;
    const auto inputs = source.snapshot->inputs();
    spec.inputs.assign(inputs.begin(), inputs.end());
    spec.data = source.data;
    spec.recipe = recipe;
    spec.choice.planFile = folder.plan();
    spec.choice.ignoreZeros = !hasBaseMasks(*source.snapshot);
    if (source.dense) spec.teacher = folder.dense();
    spec.threads = torchThreads();
    if (auto plan = exchange::writePlan(*source.plan, folder.plan()); !plan) return plan.error();
    if (!source.isFile) spec.model = folder.path() / source.snapshot->file().path.filename();
    const std::pair<model::SnapshotPtr, std::filesystem::path> models[] = {
        {source.isFile ? nullptr : source.snapshot, spec.model},
        {source.dense, folder.dense()},
        {source.rewindTo, folder.rewindTo()}};
    RunControl uninterrupted;
    for (const auto& [snapshot, file] : models) {
        if (!snapshot) continue;
        if (auto done = exchange::exportMasked(*snapshot, nullptr, file, {}, uninterrupted); !done)
            return done.error();
    }
    return spec;
}

/// Null when the run had no need of it.
Result<model::SnapshotPtr> openIfThere(const std::filesystem::path& file,
                                       const std::vector<script::InputSpec>& inputs,
                                       RunControl& control) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return model::SnapshotPtr();
    return model::openSnapshot(file, {.inputs = inputs}, {}, control);
}

}  // namespace

train::RunLife runLife(const std::shared_ptr<RunFolder>& folder, const RunSource& source,
                       const train::Recipe& recipe, train::CheckpointPtr resumed,
                       std::function<void(const Error&)> failed) {
    train::RunLife life;
    life.resumed = std::move(resumed);
    if (!folder) return life;
    const auto spec = written(*folder, source, recipe);
    if (!spec) {
        failed(spec.error());
        return life;
    }
    life.keep = [folder, failed, text = project::sourceOf(*spec),
                 isTold = false](const train::Checkpoint& checkpoint) mutable -> Result<void> {
        auto kept = exchange::writeCheckpoint(checkpoint, text, folder->checkpoint());
        if (!kept && !std::exchange(isTold, true)) failed(kept.error());
        return kept;
    };
    return life;
}

Result<RunToContinue> readRun(const RunFolder& folder, RunControl& control) {
    auto saved = exchange::readCheckpoint(folder.checkpoint());
    if (!saved) return saved.error();
    auto spec = project::specOf(saved->source, saved->checkpoint->recipe);
    if (!spec) return spec.error();
    const auto dense = openIfThere(folder.dense(), spec->inputs, control);
    if (!dense) return dense.error();
    const auto rewindTo = openIfThere(folder.rewindTo(), spec->inputs, control);
    if (!rewindTo) return rewindTo.error();
    return RunToContinue{*spec, saved->checkpoint, *dense, *rewindTo, folder.origin().weights};
}

}  // namespace espalier::ui
