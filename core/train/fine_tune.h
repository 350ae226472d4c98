// SPDX-License-Identifier: GPL-3.0-or-later
// Training a pruned model so that what was removed stays removed.
#pragma once

#include <optional>
#include <vector>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/data/dataset.h"
#include "core/measure/evaluate.h"
#include "core/model/snapshot.h"
#include "core/prune/masks.h"
#include "core/prune/plan.h"
#include "core/train/checkpoint.h"
#include "core/train/recipe.h"
#include "core/train/train_sample.h"

namespace espalier::train {

/// What training ended with.
struct TrainResult {
    /// Weights of the best validation metric (ties: lower loss) among the epochs that ended with
    /// all removed that the plan removes; masks as base masks.
    model::SnapshotPtr best;
    prune::MasksPtr masks;          ///< what is removed from `best`; null: base masks alone
    int bestEpoch = 0;              ///< 0: before training
    int epochs = 0;                 ///< finished
    bool stopped = false;           ///< by the user, before the last epoch
    bool hasNewStatistics = false;  ///< batch norms' were taken anew, after `bestEpoch`, and helped
    bool endedEarly = false;        ///< by Recipe::earlyStopping
    measure::Evaluation before;     ///< validation, before the first step
    measure::Evaluation after;      ///< validation, of `best`
    std::vector<TrainSample> samples;
    /// Why training ended early though nobody stopped it: the device was lost, say. `best` is of
    /// the epochs before.
    std::optional<Error> interruption{};
};

/// What a run may need beside the model that it trains.
struct Companions {
    /// That the masks are of: schedules that remove while training choose anew by its criteria, and
    /// know its marks and locks.
    prune::PlanPtr plan{};
    /// What a lottery ticket goes back to; null: ScheduleOptions::rewindTo.
    model::SnapshotPtr rewindTo{};
    model::SnapshotPtr dense{};  ///< distillation learns from it; null: `snapshot` without `masks`
};

/// What of a recipe does not come to bear on that many training samples, or not as meant; each a
/// sentence for people, without its full stop. fineTune logs them.
std::vector<std::string> notesOn(const Recipe& recipe, std::int64_t samples);

/// Trains `snapshot` under `masks` (null: its base masks) on the training split of `dataset`, of
/// which the share Recipe::validation is held out.
///
/// Removed weights stay zero: their gradients are masked before each step, the weights after it,
/// and the optimizer's state is zeroed for them at the start. Recipe::masks Off skips all three,
/// and the result has no base masks then.
///
/// Recipe::schedule says when what `masks` removes is removed; unless at once, which weights and
/// channels go is chosen on the way by the plan's criteria, and the numbers of them are those of
/// `masks`: the result has exactly their sparsity, layer by layer. Epochs that end before all is
/// removed cannot be the best. A run that ends sooner, since it was stopped, removes the rest at
/// its end. Recipe::fromScratch draws all weights anew, with all removed from the start.
///
/// Same seed, same thread count, same machine: same numbers. Stopping is no error: the best so far
/// is the result; neither is an exception after the first epoch (TrainResult::interruption). A run
/// that goes on from a checkpoint ends as one that was never interrupted, on one thread of the same
/// machine to the last bit. Errors: BadArgument (recipe; a schedule without the plan that it
/// needs), Mismatch (data and model, targets and loss, checkpoint and run, or the weights to go
/// back to), Unsupported (data without labels), Damaged (a checkpoint that lacks something), Failed
/// when the loss is no longer finite (what to try is in the hint), the device's memory does not
/// suffice or the model has no gradients; Cancelled when stopped before the first validation.
Result<TrainResult> fineTune(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                             const data::Dataset& dataset, const Recipe& recipe,
                             const EventSink<TrainSample>& events, RunControl& control,
                             const RunLife& life = {}, const Companions& companions = {});

}  // namespace espalier::train
