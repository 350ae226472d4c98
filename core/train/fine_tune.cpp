// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/fine_tune.h"

#include <algorithm>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/data/empty_split.h"
#include "core/measure/runtime.h"
#include "core/model/base_masks_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"
#include "core/train/broken_off.h"
#include "core/train/parameters_torch.h"
#include "core/train/precision.h"
#include "core/train/stand_torch.h"

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

/// What the stand's loop ended with.
TrainResult resultOf(Stand& stand, const model::Snapshot& snapshot, const Recipe& recipe) {
    TrainResult result = stand.loop->takeResult();
    torch::jit::Module module = stand.module;
    if (!result.interruption) stand.trainee->bringBack();
    if (result.interruption) {  // what lies on a lost device cannot be read any more
        module = maskedModule(snapshot, stand.pruner->masks());
        stand.loop->restoreBest(module);
    }
    std::vector<at::Tensor> kept = stand.pruner->kept();
    if (recipe.masks == MaskMode::Off) kept = zerosLeft(snapshot, module);
    result.best = model::withWeights(snapshot, atRest(module, stand.flags), std::move(kept));
    return result;
}

/// What a run that ended for that `reason` is worth while it has no best: its last whole epoch,
/// with the rest of the plan removed. The reason is the error where that cannot be had.
Result<TrainResult> endedAt(const CheckpointPtr& whole, const Error& reason, const Subject& subject,
                            Recipe recipe) {
    if (isBrokenOff(reason)) recipe = onCpu(recipe);  // its device may be lost
    auto result = guarded(reason.what, [&]() -> Result<TrainResult> {
        RunControl uninterrupted;
        const EventSink<TrainSample> nobody;
        auto stand = setUp(subject, recipe, nobody, uninterrupted);
        if (!stand) return stand.error();
        Loop& loop = *(*stand)->loop;
        if (auto begun = begin(loop, {.resumed = whole}, {}); !begun) return begun.error();
        if (auto ended = loop.endHere(); !ended) return ended.error();
        return resultOf(**stand, subject.snapshot, recipe);
    });
    if (!result) log(LogLevel::Warning, result.error().text());
    if (!result || result->bestEpoch == 0) return reason;
    result->interruption = reason;
    return result;
}

/// Errors: those of Loop::run; brokenOff for what is thrown after the first step.
Result<void> runLoop(Loop& loop, RunControl& control) {
    try {
        return loop.run(control);
    } catch (const std::exception& failure) {
        if (!loop.hasTrained()) throw;
        return brokenOff(failure);
    }
}

Result<TrainResult> run(const Subject& subject, const Recipe& recipe,
                        const EventSink<TrainSample>& events, RunControl& control,
                        const RunLife& life) {
    const auto& [snapshot, masks, dataset, companions] = subject;
    const RunIdentity identity =
        life.keep || life.resumed ? identityOf(snapshot, masks, dataset) : RunIdentity{};
    if (life.resumed) {
        if (auto same = checkContinues(*life.resumed, identity, recipe); !same) return same.error();
    }
    auto stand = setUp(subject, recipe, events, control);
    if (!stand) return stand.error();
    Loop& loop = *(*stand)->loop;
    sayWhatIsFrozen((*stand)->flags);
    for (const std::string& note : notesOn(recipe, data::sampleCount(dataset, data::Split::Train)))
        log(LogLevel::Warning, note);
    if (auto begun = begin(loop, life, identity); !begun) return begun.error();
    const auto done = runLoop(loop, control);
    if (done) return resultOf(**stand, snapshot, recipe);
    const CheckpointPtr whole = loop.lastWhole();
    if (!whole) return done.error();
    stand->reset();  // two of them may be too much for the device
    return endedAt(whole, done.error(), subject, recipe);
}

}  // namespace

std::vector<std::string> notesOn(const Recipe& recipe, std::int64_t samples) {
    std::vector<std::string> notes;
    const int epochs = totalEpochs(recipe);
    const std::int64_t batch = std::max<std::int64_t>(recipe.batchSize, 1);
    const std::int64_t steps = epochs * ((samples + batch - 1) / batch);
    if (batch > samples) {
        notes.push_back(cat("The batch size of ", batch, " is more than the ", samples,
                            " training samples: every epoch is one step, and takes the memory of "
                            "all of them at once"));
    }
    if (recipe.scheduler.warmupSteps > steps) {
        notes.push_back(cat(
            "The warm-up of ", recipe.scheduler.warmupSteps, " steps is longer than the run of ",
            steps, ": the learning rate never gets to ", significant(recipe.optimizer.lr)));
    }
    if (recipe.scheduler.name != "multi_step" || recipe.scheduler.milestones.empty()) return notes;
    const int last = recipe.scheduler.milestones.back();
    if (last >= epochs) {
        notes.push_back(cat("The learning rate does not drop after epoch ", last, ": the run has ",
                            epochs, " epochs"));
    }
    return notes;
}

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
        return run({snapshot, masks, samples, companions}, recipe, events, control, life);
    });
}

}  // namespace espalier::train
