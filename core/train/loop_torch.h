// SPDX-License-Identifier: GPL-3.0-or-later
// The training loop: epochs, steps, validation.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/data/loader_torch.h"
#include "core/measure/scores_torch.h"
#include "core/train/best_so_far_torch.h"
#include "core/train/fine_tune.h"
#include "core/train/metrics.h"
#include "core/train/scheduler.h"
#include "core/train/training_step_torch.h"

namespace espalier::train {

/// What validation looks at, and what is trained by.
struct Judgement {
    measure::Objective validation;
    measure::Loss loss;
};

/// One run over one module, which ends with the best weights in it. Everything referred to must
/// outlive the loop.
class Loop {
public:
    /// `module` lies where `placement` says, with removed weights at zero; `kept` per layer,
    /// undefined = all; `others` see MaskEnforcer.
    Loop(const model::Snapshot& snapshot, torch::jit::Module module,
         const measure::Placement& placement, Judgement judgement,
         const std::vector<at::Tensor>& kept, const prune::OtherMasks& others,
         const data::Dataset& dataset, const Recipe& recipe, const EventSink<TrainSample>& events);

    /// Errors: Cancelled before the first validation is done; Failed (no gradients, loss not
    /// finite).
    Result<void> run(RunControl& control);
    /// All but `best`.
    TrainResult takeResult();

private:
    enum class Outcome { Finished, Stopped };
    Result<Outcome> runEpoch(int epoch, RunControl& control);
    Result<Outcome> validate(int epoch, double trainLoss, RunControl& control);
    Result<void> checkFinite(double loss, std::string_view which) const;
    double learningRate() const;
    double countSparsity() const;

    const data::Dataset& m_dataset;
    const Recipe& m_recipe;
    torch::jit::Module m_module;
    measure::Placement m_placement;
    measure::Objective m_validation;
    std::vector<at::Tensor> m_prunable;  // weights that sparsity is counted over
    TrainingStep m_trainingStep;
    std::unique_ptr<Scheduler> m_scheduler;
    data::Loader m_loader;
    Metrics m_metrics;
    Position m_position;
    BestSoFar m_best;
    measure::Evaluation m_before;
    bool m_isStopped = false;
};

}  // namespace espalier::train
