// SPDX-License-Identifier: GPL-3.0-or-later
// Keeps removed weights at zero while everything else trains.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/model/snapshot.h"
#include "core/prune/masks_torch.h"
#include "core/train/optimizer_torch.h"
#include "core/train/run_state_torch.h"

namespace espalier::train {

/// Holds, for each weight of a module that has something removed, a mask of its own type: 1 kept, 0
/// removed.
///
/// With gradients, weights and state masked, an optimizer step leaves removed weights exactly zero;
/// masking the weights again costs little and holds for any optimizer that may be added.
class MaskEnforcer {
public:
    /// `kept` per layer: bool, undefined where all is kept; `others` by path for parameters that
    /// are no layer's weight. `parameters` are those the optimizer was given.
    MaskEnforcer(const model::Snapshot& snapshot, const std::vector<at::Tensor>& kept,
                 const torch::jit::Module& module, const std::vector<at::Tensor>& parameters,
                 const prune::OtherMasks& others = {});

    void maskGradients() const;                  ///< between backward and step
    void maskWeights() const;                    ///< after the step
    void maskState(Optimizer& optimizer) const;  ///< when weights were removed

    void save(RunState& state) const;
    /// Takes the masks of `state` instead of its own. Throws std::runtime_error when they do not
    /// fit `parameters`, those the optimizer was given.
    void load(const RunState& state, const std::vector<at::Tensor>& parameters);

private:
    void add(const at::Tensor& weight, const at::Tensor& kept,
             const std::vector<at::Tensor>& parameters);

    std::vector<std::size_t> m_places;  // among the optimizer's parameters
    std::vector<at::Tensor> m_weights;
    std::vector<at::Tensor> m_masks;
};

}  // namespace espalier::train
