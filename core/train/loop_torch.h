// SPDX-License-Identifier: GPL-3.0-or-later
// The training loop: epochs, steps, validation.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/data/loader_torch.h"
#include "core/measure/scores_torch.h"
#include "core/train/best_so_far_torch.h"
#include "core/train/channel_cutter_torch.h"
#include "core/train/checkpoint_keeper_torch.h"
#include "core/train/early_stopping_torch.h"
#include "core/train/fine_tune.h"
#include "core/train/metrics.h"
#include "core/train/pruner_torch.h"
#include "core/train/scheduler.h"
#include "core/train/timetable.h"
#include "core/train/training_step_torch.h"

namespace espalier::train {

/// What validation looks at, and what is trained by.
struct Judgement {
    measure::Objective validation;
    TrainingLoss loss;
    Precision precision{};
};

/// Sums over the steps of the epoch under way.
struct EpochSoFar {
    std::int64_t batches = 0;
    std::int64_t samples = 0;
    double lossSum = 0;  ///< each batch's, times its samples
};

/// One run over one module, which ends with the best weights in it. Everything referred to must
/// outlive the loop.
class Loop {
public:
    /// `module` lies where `placement` says; `pruner` is attached to it here.
    Loop(const model::Snapshot& snapshot, torch::jit::Module module,
         const measure::Placement& placement, Judgement judgement, Pruner& pruner,
         const data::Dataset& dataset, const Recipe& recipe, const EventSink<TrainSample>& events);

    /// Errors: Cancelled before the first validation is done; Failed (no gradients, loss not
    /// finite).
    Result<void> run(RunControl& control);
    /// The last whole epoch, while what is best so far is no result: more is to go, or it is in the
    /// shapes of a cut model. On the CPU; null when there is none.
    const CheckpointPtr& lastWhole() const { return m_lastWhole; }
    /// Instead of run(), in a loop that goes on from such an epoch: ends there, with the rest of
    /// the plan removed. Errors: those of the pruner and of validation.
    Result<void> endHere();
    /// Makes checkpoints, and goes on from the one there is. Throws std::runtime_error when that
    /// one does not fit.
    void live(const RunLife& life, RunIdentity identity);
    bool hasTrained() const { return m_position.step > 0; }
    /// All but `best`.
    TrainResult takeResult();
    /// Puts the best weights into a module like the one that is trained.
    void restoreBest(const torch::jit::Module& module) const { m_best.restore(module); }

private:
    enum class Outcome { Finished, Stopped };
    Result<void> runEpochs(RunControl& control);
    Result<Outcome> beginRound(int epoch, RunControl& control);
    Result<void> cutChannels(RunControl& control);
    Result<Outcome> runEpoch(int epoch, RunControl& control);
    /// Removes what the schedule wants gone after this step.
    Result<void> pruneAfterStep();
    Result<Outcome> validate(int epoch, double trainLoss, RunControl& control);
    Result<measure::Evaluation> evaluate(RunControl& control);
    void tell(const measure::Evaluation& evaluation, int epoch, double trainLoss);
    /// A run that ended before the plan was in force ends with it in force.
    Result<void> completePlan();
    /// Puts the best into the module, in whole shapes.
    void takeBest();
    void rememberWholeEpoch();
    /// Takes the statistics of batch norms anew, and keeps them when validation is better for it.
    Result<void> reestimateStatistics(RunControl& control);
    Result<void> checkFinite(double loss, std::string_view which) const;
    Result<void> checkNotExploded(double loss) const;
    double learningRate() const;
    int roundShown() const;  ///< in samples; 0 where there are no rounds
    double countSparsity() const;
    bool goesOn(RunControl& control);
    void keepWhenPaused(const RunControl& control);
    RunState save();
    void load(const Checkpoint& checkpoint);
    void keepCheckpoint();

    const model::Snapshot& m_snapshot;
    const data::Dataset& m_dataset;
    const Recipe& m_recipe;
    torch::jit::Module m_module;  // the one that trains: whole, or with channels cut out
    measure::Placement m_placement;
    measure::Objective m_validation;
    TrainingStep m_trainingStep;
    std::unique_ptr<Scheduler> m_scheduler;  // of the current round
    data::Loader m_loader;
    Timetable m_timetable;
    Pruner& m_pruner;
    ChannelCutter m_cutter;
    Metrics m_metrics;
    Position m_position;
    int m_round = 0;  // begun last
    EpochSoFar m_epoch;
    BestSoFar m_best;
    CheckpointPtr m_lastWhole;
    EarlyStopping m_earlyStopping;
    std::optional<measure::Evaluation> m_before;  // none: not measured yet
    bool m_isStopped = false;
    bool m_hasNewStatistics = false;
    std::optional<Error> m_interruption;
    CheckpointKeeper m_keeper;
};

}  // namespace espalier::train
