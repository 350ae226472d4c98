// SPDX-License-Identifier: GPL-3.0-or-later
// The checkpoints of a training in the window.
#pragma once

#include <memory>
#include <string>

#include "core/project/specs.h"
#include "core/train/checkpoint.h"
#include "ui/document/run_folder.h"

namespace espalier::ui {

/// What a training is made of, so that another program can put it together again.
struct RunSource {
    model::SnapshotPtr snapshot;  ///< before training
    bool isFile = true;           ///< whether that is the opened file, else it is written beside
    prune::PlanPtr plan;
    data::DataSpec data{};
    model::SnapshotPtr dense{};     ///< what distillation learns from; null: `snapshot`
    model::SnapshotPtr rewindTo{};  ///< the history's node that a ticket goes back to; null: none
};

/// Whether weights of the file count as removed.
bool hasBaseMasks(const model::Snapshot& snapshot);

/// What the recipe leaves open is judged as it was chosen with the data.
void fillIn(measure::MetricOptions& metrics, const measure::MetricOptions& chosen);

/// Runs on the training's own thread. Writes plan and models into `folder`; where that fails (a
/// full disk) there are no checkpoints. `folder` may be null: likewise. `failed` is called once, on
/// the same thread, when a checkpoint cannot be written.
train::RunLife runLife(const std::shared_ptr<RunFolder>& folder, const RunSource& source,
                       const train::Recipe& recipe, train::CheckpointPtr resumed,
                       std::function<void(const Error&)> failed);

/// A run as it was saved, and what it was made of.
struct RunToContinue {
    project::TuneSpec spec;
    train::CheckpointPtr checkpoint;
    model::SnapshotPtr dense{};  ///< as in RunSource, and the next
    model::SnapshotPtr rewindTo{};
    std::string weights{};  ///< Snapshot::weightsHash before training; empty: not known
};
/// Errors: of exchange::readCheckpoint and model::openSnapshot.
Result<RunToContinue> readRun(const RunFolder& folder, RunControl& control);

}  // namespace espalier::ui
