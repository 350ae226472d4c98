// SPDX-License-Identifier: GPL-3.0-or-later
// Checkpoints: what a run needs in order to go on after it was interrupted.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/data/dataset.h"
#include "core/model/snapshot.h"
#include "core/prune/masks.h"
#include "core/train/recipe.h"
#include "core/train/train_sample.h"

namespace espalier::train {

class RunState;  // run_state_torch.h

/// What a run trains and on what, as SHA-256: with anything else it would be another run.
struct RunIdentity {
    std::string model;  ///< names, types and values of parameters and buffers before training
    std::string masks;  ///< what is removed
    std::string data;   ///< numbers of samples, and the first ones of training and validation
    bool operator==(const RunIdentity&) const = default;
};

/// A run between two of its steps. Immutable once made.
struct Checkpoint {
    RunIdentity identity;
    Recipe recipe;
    int epochs = 0;                           ///< finished
    std::vector<TrainSample> samples;         ///< from the start
    std::shared_ptr<const RunState> state{};  ///< what each part of the run remembers
};
using CheckpointPtr = std::shared_ptr<const Checkpoint>;

/// How a run outlives the program.
struct RunLife {
    /// Puts a checkpoint where it is safe. Called on the run's thread after every epoch, within
    /// long ones, when the run is stopped, and when it is paused for longer than a moment. Empty:
    /// none are made. A failure is a warning in the log, once; the run goes on.
    std::function<Result<void>(const Checkpoint&)> keep{};
    CheckpointPtr resumed{};  ///< where to go on; null: from the beginning
    /// Within an epoch: so long after the checkpoint before, or twenty times what that one took.
    std::chrono::duration<double> keepEvery = std::chrono::minutes(2);
};

/// `masks` null: the base masks. Takes about a second per gigabyte of weights. Throws
/// data::ReadError.
RunIdentity identityOf(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                       const data::Dataset& dataset);

/// Whether a run of that identity and recipe may go on from `checkpoint`. Device, precision and
/// whether batches are halved to fit may differ. Errors: Mismatch, saying what is another one:
/// model, plan, data or recipe.
Result<void> checkContinues(const Checkpoint& checkpoint, const RunIdentity& identity,
                            const Recipe& recipe);

}  // namespace espalier::train
