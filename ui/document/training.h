// SPDX-License-Identifier: GPL-3.0-or-later
// The fine-tuning that is under way, as the Workbench keeps track of it.
#pragma once

#include <future>

#include <QUuid>

#include "core/train/fine_tune.h"
#include "ui/document/run_life.h"
#include "ui/document/workbench.h"

namespace espalier::ui {

struct Tuned {
    train::TrainResult training;
    train::Recipe recipe{};     ///< that was followed
    bool isSameSplit = false;   ///< validated on the split that `evaluate` uses too
    data::DataSpec data{};      ///< with the share that this training validated on
    bool beganPlanned = false;  ///< TrainResult::before is of the state that was trained from
    bool isSamePlan = false;    ///< the plan removes exactly what was masked while training
};

struct Workbench::Training {
    int job = 0;
    bool isPaused = false;
    bool mayContinue = false;             ///< after it was stopped
    UndoStep step{};                      ///< what its result becomes
    std::shared_ptr<RunFolder> folder{};  ///< null: without checkpoints
    /// The best weights, set by the worker the moment it ends: for a window that closes and runs no
    /// events any more.
    std::shared_future<Result<model::SnapshotPtr>> best;
};

/// A training that ended with the program, while it is put together again: model, data and plan are
/// opened one after the other, as a person would, where they are not open already.
struct Workbench::Continuation {
    enum class Stage { Reading, Model, Data, Plan, Masks };
    Stage stage = Stage::Reading;  ///< what is being waited for
    std::shared_ptr<RunFolder> folder;
    RunToContinue run;
    Workbench::ContinueOn on = Workbench::ContinueOn::ItsDevice;
    QString mergeKey = QUuid::createUuid().toString();  ///< all that it does is one undo step
};

}  // namespace espalier::ui
