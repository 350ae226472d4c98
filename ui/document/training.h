// SPDX-License-Identifier: GPL-3.0-or-later
// The fine-tuning that is under way, as the Workbench keeps track of it.
#pragma once

#include <future>

#include "core/train/fine_tune.h"
#include "ui/document/workbench.h"

namespace espalier::ui {

struct Tuned {
    train::TrainResult training;
    bool isSameSplit = false;  ///< validated on the split that `evaluate` uses too
    data::DataSpec data{};     ///< with the share that this training validated on
    bool isSamePlan = false;   ///< the plan removes exactly what was masked while training
};

struct Workbench::Training {
    int job = 0;
    /// The best weights, set by the worker the moment it ends: for a window that closes and runs no
    /// events any more.
    std::shared_future<Result<model::SnapshotPtr>> best;
};

}  // namespace espalier::ui
