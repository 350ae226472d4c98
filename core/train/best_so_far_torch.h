// SPDX-License-Identifier: GPL-3.0-or-later
// The best weights of a run.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/measure/evaluate.h"
#include "core/train/run_state_torch.h"

namespace espalier::train {

/// Copies parameters and buffers whenever validation was better: a better score of the metric, or
/// an equal one and lower loss. The copies lie on the CPU: they outlive a device that is lost.
class BestSoFar {
public:
    /// True when `evaluation` of `module` as it is now is the best so far.
    bool offer(const torch::jit::Module& module, const measure::Evaluation& evaluation, int epoch);
    /// Takes the module's values, in other shapes perhaps, for the best.
    void take(const torch::jit::Module& module);
    /// Puts the best values back into the module that was offered.
    void restore(const torch::jit::Module& module) const;

    bool hasValues() const { return !m_values.empty(); }
    const measure::Evaluation& evaluation() const { return m_evaluation; }
    int epoch() const { return m_epoch; }

    void save(RunState& state) const;
    /// `metric`: of the run. Throws std::runtime_error when something is missing.
    void load(const RunState& state, const measure::Metric& metric);

private:
    std::vector<at::Tensor> m_values;  // empty before the first offer
    measure::Evaluation m_evaluation;
    int m_epoch = 0;
};

}  // namespace espalier::train
