// SPDX-License-Identifier: GPL-3.0-or-later
// Learning-rate schedules: the factor on the recipe's learning rate over time.
#pragma once

#include <cstdint>
#include <memory>

#include "core/train/recipe.h"

namespace espalier::train {

class RunState;  // run_state_torch.h

/// Where a run is, before a step.
struct Position {
    int epoch = 0;                ///< epochs finished
    std::int64_t step = 0;        ///< optimizer steps done
    std::int64_t totalSteps = 1;  ///< of the whole run
};

class Scheduler {
public:
    virtual ~Scheduler() = default;
    /// What the learning rate is multiplied with at the step after `position`: the schedule's own
    /// factor, and during the first `warmupSteps` (w) steps of the run also (step + 1) / (w + 1).
    double factor(const Position& position) const;
    /// Called at the end of each epoch with the validation loss.
    virtual void epochEnded(double /*validationLoss*/) {}

    /// For those that remember anything. load throws std::runtime_error when it is not there.
    virtual void save(RunState& /*state*/) const {}
    virtual void load(const RunState& /*state*/) {}

    void setWarmup(std::int64_t steps) { m_warmupSteps = steps; }

private:
    virtual double ownFactor(const Position& position) const = 0;

    std::int64_t m_warmupSteps = 0;
};

/// The schedule called `options.name`, which must be one of schedulerNames().
std::unique_ptr<Scheduler> makeScheduler(const SchedulerOptions& options);

}  // namespace espalier::train
