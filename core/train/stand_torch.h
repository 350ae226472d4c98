// SPDX-License-Identifier: GPL-3.0-or-later
// What a run needs before its first step, put up on one device.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <torch/csrc/jit/api/module.h>

#include "core/train/fine_tune.h"
#include "core/train/loop_torch.h"
#include "core/train/pruner_torch.h"
#include "core/train/staged_plan_torch.h"
#include "core/train/trainee_torch.h"

namespace espalier::train {

/// What is trained, and on what.
struct Subject {
    const model::Snapshot& snapshot;
    const prune::MasksPtr& masks;
    const data::Dataset& dataset;
    const Companions& companions;
};

/// A loop and all that it refers to, on one device.
struct Stand {
    std::unique_ptr<StagedPlan> plan;
    torch::jit::Module module;  // with the file's own code
    std::vector<bool> flags;    // which parameters the file wants trained, in the module's order
    std::optional<Trainee> trainee;
    std::optional<Pruner> pruner;
    std::optional<Loop> loop;
};

/// `subject`, `recipe` and `events` must outlive the stand. Errors: those of fineTune that are
/// found before the first step.
Result<std::unique_ptr<Stand>> setUp(const Subject& subject, const Recipe& recipe,
                                     const EventSink<TrainSample>& events, RunControl& control);

}  // namespace espalier::train
