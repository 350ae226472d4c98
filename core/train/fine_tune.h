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
#include "core/train/checkpoint.h"
#include "core/train/recipe.h"
#include "core/train/train_sample.h"

namespace espalier::train {

/// What training ended with.
struct TrainResult {
    model::SnapshotPtr
        best;  ///< weights of the best validation metric (ties: lower loss), masks as base masks
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
    model::SnapshotPtr dense{};  ///< distillation learns from it; null: `snapshot` without `masks`
};

/// Trains `snapshot` under `masks` (null: its base masks) on the training split of `dataset`, of
/// which the share Recipe::validation is held out.
///
/// Removed weights stay zero: their gradients are masked before each step, the weights after it,
/// and the optimizer's state is zeroed for them at the start. Recipe::masks Off skips all three,
/// and the result has no base masks then. Same seed, same thread count, same machine: same numbers.
/// Stopping is no error: the best so far is the result; neither is an exception after the first
/// epoch (TrainResult::interruption). A run that goes on from a checkpoint ends as one that was
/// never interrupted, on one thread of the same machine to the last bit. Errors: BadArgument
/// (recipe), Mismatch (data and model, targets and loss, or checkpoint and run), Unsupported (data
/// without labels), Damaged (a checkpoint that lacks something), Failed when the loss is no longer
/// finite (what to try is in the hint), the device's memory does not suffice or the model has no
/// gradients; Cancelled when stopped before the first validation.
Result<TrainResult> fineTune(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                             const data::Dataset& dataset, const Recipe& recipe,
                             const EventSink<TrainSample>& events, RunControl& control,
                             const RunLife& life = {}, const Companions& companions = {});

}  // namespace espalier::train
