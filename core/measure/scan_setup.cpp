// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/scan_setup_torch.h"

#include <algorithm>

#include "core/base/format.h"
#include "core/data/empty_split.h"
#include "core/data/subset_torch.h"
#include "core/measure/device_torch.h"
#include "core/measure/scan_key_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/channel_members_torch.h"
#include "core/prune/masks_torch.h"

namespace espalier::measure {

namespace {

/// Where each target's weights are used first.
std::vector<std::size_t> firstSteps(const script::Program& program,
                                    const std::vector<ScanTarget>& targets) {
    std::vector<std::size_t> steps;
    for (const auto& target : targets) {
        std::vector<at::Tensor> tensors;
        for (const auto& path : target.parameters) {
            if (auto tensor = prune::tensorAt(program.module, path)) tensors.push_back(*tensor);
        }
        steps.push_back(script::firstUse(program, tensors));
    }
    return steps;
}

/// The part of the model's multiply-accumulates that the layers from each target on make up.
std::vector<double> costShares(const model::Snapshot& snapshot, const script::Program& program,
                               const std::vector<std::size_t>& steps) {
    std::vector<std::pair<std::size_t, double>> costs;
    double total = 0;
    for (const auto& layer : snapshot.layers()) {
        const at::Tensor tensors[] = {model::parameterAt(program.module, layer.name)};
        costs.emplace_back(script::firstUse(program, tensors), static_cast<double>(layer.macs));
        total += static_cast<double>(layer.macs);
    }
    std::vector<double> shares;
    for (const auto step : steps) {
        double behind = 0;
        for (const auto& [at, macs] : costs) behind += at >= step ? macs : 0;
        shares.push_back(total > 0 ? behind / total : 1);
    }
    return shares;
}

Result<std::int64_t> samplesFor(const data::Dataset& dataset, const ScanOptions& options) {
    const std::string what = cat("Cannot scan the sensitivity on ", dataset.info().name);
    const std::int64_t available = data::sampleCount(dataset, options.split);
    if (available == 0) return data::emptySplit(what, dataset.info(), options.split);
    if (options.samples < 0 || options.batchSize < 1 || !(options.maxDrop >= 0)) {
        return Error{Error::Kind::BadArgument, what,
                     cat("samples ", options.samples, ", batch size ", options.batchSize,
                         " or allowed drop ", options.maxDrop, " is out of range"),
                     "Give a positive number of samples and a drop of at least 0"};
    }
    return options.samples > 0 ? std::min(options.samples, available) : available;
}

/// What is looked at; `dataset` outlives it.
Result<data::DatasetPtr> sampleOf(const data::Dataset& dataset, data::Split split,
                                  std::int64_t samples) {
    const data::DatasetPtr all(data::DatasetPtr(), &dataset);
    if (samples == data::sampleCount(dataset, split)) return all;
    try {
        return data::stratifiedSubset(all, split, samples);
    } catch (const std::exception& exception) {
        return dataIsGone(dataset, exception);
    }
}

Result<std::string> keyOf(const model::Snapshot& snapshot, const data::Dataset& dataset,
                          const ScanOptions& options, std::int64_t samples,
                          const ScanMetric& metric, const channels::ChannelGroups* groups) {
    try {
        return scanKey(snapshot, dataset, options, samples, metric, groups);
    } catch (const std::exception& exception) {
        return dataIsGone(dataset, exception);
    }
}

}  // namespace

Result<ScanSetup> ScanSetup::make(const model::Snapshot& snapshot,
                                  const channels::ChannelGroupsPtr& groups,
                                  const data::Dataset& whole, const ScanOptions& options,
                                  RunControl& control) {
    const auto samples = samplesFor(whole, options);
    if (!samples) return samples.error();
    auto dataset = sampleOf(whole, options.split, *samples);
    if (!dataset) return dataset.error();
    const auto device = findDevice(options.device);
    if (!device) return device.error();
    auto objective = makeObjective(options.metrics, (*dataset)->info(), *device, control);
    if (!objective) return objective.error();
    const auto fits = checkFit(snapshot, **dataset, options.metrics);
    if (!fits) return fits.error();
    auto targets = ScanTargets::find(snapshot, groups, options, control);
    if (!targets) return targets.error();
    torch::jit::Module module = prune::maskedModule(snapshot, *targets->base());
    const Placement placement = place(module, snapshot, *device);
    auto program = script::makeProgram(module);
    if (!program) return program.error();
    auto steps = firstSteps(*program, targets->all());
    auto shares = costShares(snapshot, *program, steps);
    auto key = keyOf(snapshot, **dataset, options, *samples, objective->figures, groups.get());
    if (!key) return key.error();
    std::vector<std::string> notes = fits->notes;
    notes.insert(notes.end(), targets->notes().begin(), targets->notes().end());
    return ScanSetup{std::move(*dataset),
                     {options.split, *samples, options.batchSize, options.prefixBytes},
                     std::move(*objective),
                     std::move(*targets),
                     placement,
                     std::move(*program),
                     std::move(steps),
                     std::move(shares),
                     std::move(notes),
                     std::move(*key)};
}

}  // namespace espalier::measure
