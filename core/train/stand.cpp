// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/stand_torch.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/measure/device_torch.h"
#include "core/measure/scores_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"
#include "core/train/earlier_weights_torch.h"
#include "core/train/fresh_weights_torch.h"
#include "core/train/parameters_torch.h"
#include "core/train/pruning_schedule.h"

namespace espalier::train {
namespace {

/// Which parameters the file wants trained, in the module's order.
std::vector<bool> gradientFlags(const torch::jit::Module& module) {
    std::vector<bool> flags;
    for (const at::Tensor& parameter : module.parameters())
        flags.push_back(parameter.requires_grad());
    return flags;
}

/// What the schedule removes of; null when nothing is to go beyond the base masks.
Result<std::unique_ptr<StagedPlan>> stagedPlan(const model::Snapshot& snapshot,
                                               const prune::MasksPtr& masks,
                                               const Companions& companions, const Recipe& recipe,
                                               const data::Dataset& dataset) {
    if (!masks) return std::unique_ptr<StagedPlan>();
    if (!companions.plan && recipe.schedule.name != "one_shot") {
        return Error{Error::Kind::BadArgument,
                     cat("Cannot prune by the schedule ", recipe.schedule.name),
                     "there are masks, but no plan to choose anew by",
                     "Give the plan that the masks are of, or use the schedule one_shot"};
    }
    return std::make_unique<StagedPlan>(
        snapshot, companions.plan ? *companions.plan : prune::emptyPlan(snapshot), masks,
        ScoredWith{dataset, recipe.device, recipe.metrics});
}

void sayWhatWasKept(const std::vector<std::string>& paths) {
    if (paths.empty()) return;
    log(LogLevel::Warning,
        cat(paths.size(), paths.size() == 1 ? " parameter has" : " parameters have",
            " no default to be drawn anew by and keep their values: ", paths.front(),
            paths.size() > 1 ? ", \u2026" : ""));
}

/// What trains, before anything is removed.
torch::jit::Module startingModule(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                                  const Recipe& recipe) {
    torch::jit::Module module = model::cloneModule(snapshot.state().module);
    if (recipe.fromScratch) sayWhatWasKept(drawAnew(module, snapshot, masks, recipe.seed));
    tieSharedParameters(module);
    return module;
}

/// What the schedule goes back to in each round; nothing for most.
Result<NamedValues> rewoundTo(const model::Snapshot& snapshot, const Recipe& recipe,
                              const Companions& companions, RunControl& control) {
    if (recipe.fromScratch || !findSchedule(recipe.schedule.name).rewinds) return NamedValues();
    return earlierWeights(snapshot, companions.rewindTo, recipe.schedule.rewindTo, control);
}

/// What training makes smaller; `module` is the one that trains, where `placement` says.
Result<TrainingLoss> makeTrainingLoss(const model::Snapshot& snapshot,
                                      const torch::jit::Module& module,
                                      const measure::Placement& placement,
                                      const prune::MasksPtr& masks, const model::Snapshot& dense,
                                      const data::DatasetInfo& data, const Recipe& recipe,
                                      RunControl& control) {
    auto loss = measure::findLoss(measure::lossFor(recipe.metrics, data), recipe.labelSmoothing,
                                  placement.device, control);
    if (!loss) return loss.error();
    TrainingLoss trained{std::move(*loss)};
    if (recipe.distillation)
        trained.teacher.emplace(dense, placement, recipe.metrics.output, *recipe.distillation);
    const std::vector<at::Tensor> parameters = trainableParameters(module);
    const bool areGrouped = masks && masks->state().channels;
    const channels::ChannelGroups* groups =
        areGrouped ? masks->state().channels->groups.get() : nullptr;
    trained.penalty = makePenalty(recipe.regularisers, {snapshot, module, parameters, groups});
    return trained;
}

/// Whether the loss that is trained by takes what the model gives.
Result<void> checkLoss(const TrainingLoss& loss, torch::jit::Module& module,
                       const measure::Placement& placement, const data::Dataset& dataset,
                       const std::string& output) {
    const at::NoGradGuard noGradients;
    const data::Batch two = measure::moved(measure::firstSamples(dataset, 2), placement);
    const std::string why = loss.misfit(measure::scores(module, two, output), two);
    if (why.empty()) return {};
    return Error{Error::Kind::Mismatch, cat("Cannot fine-tune on ", dataset.info().name), why,
                 "Choose another loss or output, or leave distillation out"};
}

}  // namespace

Result<std::unique_ptr<Stand>> setUp(const Subject& subject, const Recipe& recipe,
                                     const EventSink<TrainSample>& events, RunControl& control) {
    const auto& [snapshot, masks, dataset, companions] = subject;
    const auto device = measure::findDevice(recipe.device);
    if (!device) return device.error();
    const auto precision = findPrecision(recipe.precision, *device);
    if (!precision) return precision.error();
    at::globalContext().setFlushDenormal(true);
    at::manual_seed(recipe.seed);  // dropout
    auto stand = std::make_unique<Stand>();
    auto plan = stagedPlan(snapshot, masks, companions, recipe, dataset);
    if (!plan) return plan.error();
    stand->plan = std::move(*plan);
    auto earlier = rewoundTo(snapshot, recipe, companions, control);
    if (!earlier) return earlier.error();
    torch::jit::Module& module = stand->module = startingModule(snapshot, masks, recipe);
    stand->flags = gradientFlags(module);
    auto trainee = Trainee::make(module, recipe.dropout);
    if (!trainee) return trainee.error();
    stand->trainee = std::move(*trainee);
    const measure::Placement placement = measure::place(module, snapshot, *device);
    auto objective = measure::makeObjective(recipe.metrics, dataset.info(), *device, control);
    if (!objective) return objective.error();
    if (auto fits = measure::checkFit(module, placement, snapshot, dataset, *objective); !fits)
        return fits.error();
    measure::setReference(*objective, snapshot, placement);
    const model::Snapshot& dense = companions.dense ? *companions.dense : snapshot;
    auto loss = makeTrainingLoss(snapshot, stand->trainee->module(), placement, masks, dense,
                                 dataset.info(), recipe, control);
    if (!loss) return loss.error();
    if (auto fits = checkLoss(*loss, module, placement, dataset, recipe.metrics.output); !fits)
        return fits.error();
    stand->pruner.emplace(snapshot, stand->plan.get(), recipe, std::move(*earlier));
    stand->loop.emplace(snapshot, stand->trainee->module(), placement,
                        Judgement{std::move(*objective), std::move(*loss), *precision},
                        *stand->pruner, dataset, recipe, events);
    return stand;
}

}  // namespace espalier::train
