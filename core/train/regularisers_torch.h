// SPDX-License-Identifier: GPL-3.0-or-later
// Terms that are added to the training loss and draw weights towards zero: one file each, one line
// in the table of regularisers.cpp.
#pragma once

#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/channels/groups.h"
#include "core/model/snapshot.h"
#include "core/train/recipe.h"

namespace espalier::train {

/// What regularisers act on. Only read while they are made.
struct Regularised {
    const model::Snapshot& snapshot;
    const torch::jit::Module& module;           ///< that trains, with the snapshot's parameters
    const std::vector<at::Tensor>& parameters;  ///< of it, that train
    const channels::ChannelGroups* groups = nullptr;  ///< null: not known

    /// The layer's weight in the module; undefined when it does not train.
    at::Tensor trained(const model::Layer& layer) const;
    /// All prunable weights that train.
    std::vector<at::Tensor> weights() const;
};

/// The term, a scalar that gradients can be taken of. Weights that are masked are zero, so they
/// count as zero, and their gradients are masked as all others.
using Penalty = std::function<at::Tensor()>;

/// All of these are undefined functions when there is nothing that they could act on.
Penalty makeL1(const Regularised& regularised);           ///< Σ|w| of prunable weights
Penalty makeL2(const Regularised& regularised);           ///< ½ Σw² of prunable weights
Penalty makeGroupLasso(const Regularised& regularised);   ///< Σ‖channel‖₂
Penalty makeBatchNormL1(const Regularised& regularised);  ///< Σ|γ| of batch norms

/// The recipe's terms, each with its strength, added up; undefined when there are none. Says in the
/// log which of them have nothing to act on.
Penalty makePenalty(const std::vector<Regulariser>& terms, const Regularised& regularised);

}  // namespace espalier::train
