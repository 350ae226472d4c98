// SPDX-License-Identifier: GPL-3.0-or-later
// What training makes smaller: the loss, distillation, and the regularisers.
#pragma once

#include <optional>

#include <ATen/core/Tensor.h>

#include "core/data/dataset_torch.h"
#include "core/measure/loss_torch.h"
#include "core/train/distillation_torch.h"
#include "core/train/regularisers_torch.h"

namespace espalier::train {

struct TrainingLoss {
    measure::Loss loss;
    std::optional<Teacher> teacher{};
    Penalty penalty{};  ///< undefined: none

    /// A scalar that gradients can be taken of; `scores` are the model's on `batch`. Throws when
    /// the targets do not fit.
    at::Tensor operator()(const at::Tensor& scores, const data::Batch& batch) const;
    /// Why it cannot be computed of such scores; empty when it can.
    std::string misfit(const at::Tensor& scores, const data::Batch& batch) const;
};

}  // namespace espalier::train
