// SPDX-License-Identifier: GPL-3.0-or-later
// Removes what a plan removes from a module that trains, when the schedule says so.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/prune/masks_torch.h"
#include "core/train/movement_torch.h"
#include "core/train/recipe.h"
#include "core/train/run_state_torch.h"
#include "core/train/staged_plan_torch.h"
#include "core/train/timetable.h"
#include "core/train/training_step_torch.h"

namespace espalier::train {

/// Values of parameters and buffers by path.
using NamedValues = std::map<std::string, at::Tensor>;

/// Owns the masks of a run. Everything referred to must outlive it.
class Pruner {
public:
    /// `plan` is null when there is nothing but base masks. `rewindTo`: what survivors go back to
    /// in each round; for schedules that rewind.
    Pruner(const model::Snapshot& snapshot, const StagedPlan* plan, const Recipe& recipe,
           NamedValues rewindTo);

    /// Looks at `module` and `step` from now on and calls nothing of theirs yet.
    void attach(torch::jit::Module module, TrainingStep& step, const Timetable& timetable);

    /// Before each round, the first included: removes, rewinds, and lets the optimizer forget, as
    /// the schedule says. Errors: those of StagedPlan.
    Result<void> beginRound(int round, RunControl& control);
    /// Whether something was removed after so many steps. Errors: those of StagedPlan.
    Result<bool> stepDone(std::int64_t step, RunControl& control);
    /// Removes what is still to go of a plan whose run has ended early; whether there was anything.
    Result<bool> complete(RunControl& control);

    /// Whether all that the plan removes is removed: only then is an epoch a candidate for the
    /// best.
    bool isInForce() const { return m_isInForce; }
    /// Per layer (undefined: all kept), as base masks.
    std::vector<at::Tensor> kept() const;
    /// What is removed now; null when nothing but base masks is.
    const prune::MasksPtr& masks() const { return m_masks; }

    void save(RunState& state) const;
    void load(const RunState& state);

private:
    /// Chooses what is removed from `step` on, and lets it go.
    Result<void> removeAt(std::int64_t step, RunControl& control);
    Result<prune::MasksPtr> masksAt(std::int64_t step, RunControl& control) const;
    /// The model with the weights of this moment, on the CPU. With `base` as base masks.
    model::SnapshotPtr now(std::vector<at::Tensor> base) const;
    /// Zeroes what is removed, and keeps it so.
    void enforce();
    void rewind();
    prune::MasksPtr masksFrom(const RunState& state) const;

    const model::Snapshot& m_snapshot;
    const StagedPlan* m_plan;
    const Recipe& m_recipe;
    NamedValues m_rewindTo;
    torch::jit::Module m_module;
    TrainingStep* m_step = nullptr;
    std::optional<Timetable> m_timetable;
    prune::MasksPtr m_masks;
    std::optional<Movement> m_movement;
    bool m_isInForce = false;
};

}  // namespace espalier::train
