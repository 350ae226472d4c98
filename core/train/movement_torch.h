// SPDX-License-Identifier: GPL-3.0-or-later
// What training does to weights, those included that are masked out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/prune/masks_torch.h"
#include "core/train/run_state_torch.h"

namespace espalier::train {

/// Scores of weights by their movement (Sanh et al. 2020): S -= lr * w * dL/dw', where w' is the
/// weight as its mask leaves it and the gradient goes straight through the mask. Weights that move
/// away from zero score high.
///
/// A removed weight keeps the value it had; it does not train, nor decay, while it is away.
class Movement {
public:
    /// Watches the parameters at `scored`, and keeps the values of these and of `others`. The
    /// module stays the caller's to train.
    Movement(const torch::jit::Module& module, const std::vector<std::string>& scored,
             const std::vector<std::string>& others);

    /// Between the backward pass and the masking of gradients.
    void gather(double lr);
    /// Gives removed weights the values that they went with.
    void bringBack();
    /// Before what `kept` (bool, by path; not there: all) does not keep becomes zero.
    void setAside(const prune::OtherMasks& kept);

    /// Shaped like the parameter; undefined when it is not watched.
    at::Tensor scores(const std::string& path) const;

    void save(RunState& state) const;
    void load(const RunState& state);

private:
    struct Part {
        at::Tensor weight;  // the module's
        at::Tensor scores;  // undefined: not scored
        at::Tensor away;    // values of what is removed, 0 elsewhere
    };
    std::map<std::string, Part> m_parts;  // by path
};

}  // namespace espalier::train
