// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/fine_tune.h"

#include <algorithm>

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/data/empty_split.h"
#include "core/measure/device_torch.h"
#include "core/measure/runtime.h"
#include "core/measure/scores_torch.h"
#include "core/model/base_masks_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"
#include "core/train/earlier_weights_torch.h"
#include "core/train/fresh_weights_torch.h"
#include "core/train/loop_torch.h"
#include "core/train/parameters_torch.h"
#include "core/train/pruning_schedule.h"
#include "core/train/trainee_torch.h"

namespace espalier::train {
namespace {

Result<void> checkSplits(const data::Dataset& dataset) {
    if (dataset.info().targets == data::Targets::None) {
        return Error{Error::Kind::Unsupported, cat("Cannot fine-tune on ", dataset.info().name),
                     "it has no labels to learn from",
                     "Attach data with labels: a folder for each class, or targets in the tensor "
                     "file; the dense model's own outputs, saved as targets, will do"};
    }
    for (const auto split : {data::Split::Train, data::Split::Validation}) {
        if (data::sampleCount(dataset, split) > 0) continue;
        return data::emptySplit(cat("Cannot fine-tune on ", dataset.info().name), dataset.info(),
                                split);
    }
    return {};
}

/// What is zero in the end, where weights could grow back: per layer, as base masks.
std::vector<at::Tensor> zerosLeft(const model::Snapshot& snapshot,
                                  const torch::jit::Module& module) {
    std::vector<at::Tensor> kept;
    for (const model::Layer& layer : snapshot.layers()) {
        if (!layer.prunable.weights) {
            kept.emplace_back();
            continue;
        }
        const at::Tensor weight = model::parameterAt(module, layer.name).detach();
        kept.push_back(model::maskOfNonzeros(weight.cpu()));
    }
    return kept;
}

/// Which parameters the file wants trained, in the module's order.
std::vector<bool> gradientFlags(const torch::jit::Module& module) {
    std::vector<bool> flags;
    for (const at::Tensor& parameter : module.parameters())
        flags.push_back(parameter.requires_grad());
    return flags;
}

/// Turns the trained module back into what a snapshot holds.
torch::jit::Module atRest(torch::jit::Module module, const std::vector<bool>& flags) {
    module.eval();
    module.to(c10::kCPU);
    std::size_t i = 0;
    for (at::Tensor parameter : module.parameters()) {
        parameter.mutable_grad() = at::Tensor();
        parameter.requires_grad_(flags[i++]);
    }
    return module;
}

void sayWhatIsFrozen(const std::vector<bool>& flags) {
    const auto frozen = std::ranges::count(flags, false);
    if (frozen == 0 || frozen == std::ssize(flags)) return;
    log(LogLevel::Warning, cat(frozen, " of ", flags.size(),
                               " parameters do not require a gradient in the file: they stay as "
                               "they are"));
}

/// The snapshot's module without what the masks remove.
torch::jit::Module maskedModule(const model::Snapshot& snapshot, const prune::MasksPtr& masks) {
    torch::jit::Module module =
        masks ? prune::maskedModule(snapshot, *masks) : model::cloneModule(snapshot.state().module);
    tieSharedParameters(module);
    return module;
}

/// What a checkpoint lacks is the fault of its file.
Result<void> begin(Loop& loop, const RunLife& life, const RunIdentity& identity) {
    try {
        loop.live(life, identity);
    } catch (const std::exception& failure) {
        Error error = detail::errorFromException("Cannot continue the fine-tuning", failure);
        error.kind = Error::Kind::Damaged;
        error.hint = "Start the run anew";
        return error;
    }
    return {};
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

void sayThatBatchesAreWhole(const data::Dataset& dataset, std::int64_t batchSize) {
    const std::int64_t samples = data::sampleCount(dataset, data::Split::Train);
    if (batchSize <= samples) return;
    log(LogLevel::Warning, cat("The batch size of ", batchSize, " is more than the ", samples,
                               " training samples: every epoch is one step"));
}

void sayWhatNeverComes(const Recipe& recipe, std::int64_t steps) {
    if (recipe.scheduler.warmupSteps > steps) {
        log(LogLevel::Warning,
            cat("The warm-up of ", recipe.scheduler.warmupSteps,
                " steps is longer than the run of ", steps, ": the learning rate never gets to ",
                significant(recipe.optimizer.lr)));
    }
    if (recipe.scheduler.name != "multi_step" || recipe.scheduler.milestones.empty()) return;
    const int last = recipe.scheduler.milestones.back();
    if (last >= totalEpochs(recipe)) {
        log(LogLevel::Warning, cat("The learning rate does not drop after epoch ", last,
                                   ": the run has ", totalEpochs(recipe), " epochs"));
    }
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

Result<TrainResult> run(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                        const data::Dataset& dataset, const Recipe& recipe,
                        const EventSink<TrainSample>& events, RunControl& control,
                        const RunLife& life, const Companions& companions) {
    const RunIdentity identity =
        life.keep || life.resumed ? identityOf(snapshot, masks, dataset) : RunIdentity{};
    if (life.resumed) {
        if (auto same = checkContinues(*life.resumed, identity, recipe); !same) return same.error();
    }
    const auto device = measure::findDevice(recipe.device);
    if (!device) return device.error();
    const auto precision = findPrecision(recipe.precision, *device);
    if (!precision) return precision.error();
    at::globalContext().setFlushDenormal(true);
    at::manual_seed(recipe.seed);  // dropout
    const auto plan = stagedPlan(snapshot, masks, companions, recipe, dataset);
    if (!plan) return plan.error();
    auto earlier = rewoundTo(snapshot, recipe, companions, control);
    if (!earlier) return earlier.error();
    torch::jit::Module module = startingModule(snapshot, masks, recipe);
    const std::vector<bool> flags = gradientFlags(module);
    sayWhatIsFrozen(flags);
    sayThatBatchesAreWhole(dataset, recipe.batchSize);
    auto trainee = Trainee::make(module, recipe.dropout);
    if (!trainee) return trainee.error();
    const measure::Placement placement = measure::place(module, snapshot, *device);
    auto objective = measure::makeObjective(recipe.metrics, dataset.info(), *device, control);
    if (!objective) return objective.error();
    if (auto fits = measure::checkFit(module, placement, snapshot, dataset, *objective); !fits)
        return fits.error();
    measure::setReference(*objective, snapshot, placement);
    const model::Snapshot& dense = companions.dense ? *companions.dense : snapshot;
    auto loss = makeTrainingLoss(snapshot, trainee->module(), placement, masks, dense,
                                 dataset.info(), recipe, control);
    if (!loss) return loss.error();
    if (auto fits = checkLoss(*loss, module, placement, dataset, recipe.metrics.output); !fits)
        return fits.error();

    Pruner pruner(snapshot, plan->get(), recipe, std::move(*earlier));
    Loop loop(snapshot, trainee->module(), placement,
              {std::move(*objective), std::move(*loss), *precision}, pruner, dataset, recipe,
              events);
    sayWhatNeverComes(recipe, loop.steps());
    if (auto begun = begin(loop, life, identity); !begun) return begun.error();
    if (auto done = loop.run(control); !done) return done.error();
    TrainResult result = loop.takeResult();
    if (!result.interruption) trainee->bringBack();
    if (result.interruption) {  // what lies on a lost device cannot be read any more
        module = maskedModule(snapshot, pruner.masks());
        loop.restoreBest(module);
    }
    std::vector<at::Tensor> kept = pruner.kept();
    if (recipe.masks == MaskMode::Off) kept = zerosLeft(snapshot, module);
    result.best = model::withWeights(snapshot, atRest(module, flags), std::move(kept));
    return result;
}

}  // namespace

Result<TrainResult> fineTune(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                             const data::Dataset& dataset, const Recipe& recipe,
                             const EventSink<TrainSample>& events, RunControl& control,
                             const RunLife& life, const Companions& companions) {
    if (auto sound = check(recipe); !sound) return sound.error();
    return guarded(cat("Cannot fine-tune ", snapshot.file().name()), [&]() -> Result<TrainResult> {
        const measure::KeepFreedMemory keep;
        // The recipe says how much is held out; the data may have been opened with another share.
        const bool isSplitSo = dataset.spec().validation == recipe.validation;
        const data::DatasetPtr resplit =
            isSplitSo ? nullptr : dataset.withValidation(recipe.validation);
        const data::Dataset& samples = resplit ? *resplit : dataset;
        if (auto sound = checkSplits(samples); !sound) return sound.error();
        return run(snapshot, masks, samples, recipe, events, control, life, companions);
    });
}

}  // namespace espalier::train
