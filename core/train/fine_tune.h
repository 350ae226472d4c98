// SPDX-License-Identifier: GPL-3.0-or-later
// Training a pruned model so that what was removed stays removed.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/data/dataset.h"
#include "core/measure/evaluate.h"
#include "core/model/snapshot.h"
#include "core/prune/masks.h"
#include "core/train/recipe.h"

namespace espalier::train {

constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

/// One row of the metrics: a training step, or the end of an epoch (then valLoss and top1 are
/// there).
struct TrainSample {
    std::int64_t step = 0;  ///< optimizer steps so far
    int epoch = 0;          ///< from 1; 0: validation before training
    int round = 0;
    double loss = kNotMeasured;  ///< training loss of the step; of the epoch's mean at its end
    double valLoss = kNotMeasured;
    double top1 = kNotMeasured;  ///< validation, 0..1; none where the targets are no classes
    double lr = 0;
    double sparsity =
        0;  ///< share of prunable weights that is zero, 0..1; counted at the ends of epochs
    double seconds = 0;           ///< since the start
    double score = kNotMeasured;  ///< validation, of the recipe's metric
};

/// What training ended with.
struct TrainResult {
    model::SnapshotPtr
        best;  ///< weights of the best validation metric (ties: lower loss), masks as base masks
    int bestEpoch = 0;           ///< 0: before training
    int epochs = 0;              ///< finished
    bool stopped = false;        ///< by the user, before the last epoch
    measure::Evaluation before;  ///< validation, before the first step
    measure::Evaluation after;   ///< validation, of `best`
    std::vector<TrainSample> samples;
};

/// Trains `snapshot` under `masks` (null: its base masks) on the training split of `dataset`, of
/// which the share Recipe::validation is held out.
///
/// Removed weights stay zero: their gradients are masked before each step, the weights after it,
/// and the optimizer's state is zeroed for them at the start. Recipe::masks Off skips all three,
/// and the result has no base masks then. Same seed, same thread count, same machine: same numbers.
/// Stopping is no error: the best so far is the result. Errors: BadArgument (recipe), Mismatch
/// (data and model, or targets and loss), Unsupported (data without labels), Failed when the loss
/// is no longer finite (what to try is in the hint) or the model has no gradients; Cancelled when
/// stopped before the first validation.
Result<TrainResult> fineTune(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                             const data::Dataset& dataset, const Recipe& recipe,
                             const EventSink<TrainSample>& events, RunControl& control);

}  // namespace espalier::train
