// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/training_loss_torch.h"

#include "core/base/format.h"

namespace espalier::train {

at::Tensor TrainingLoss::operator()(const at::Tensor& scores, const data::Batch& batch) const {
    at::Tensor value = loss.mean(scores, batch.targets);
    if (teacher) value = teacher->loss(value, scores, batch);
    return penalty ? value + penalty() : value;
}

std::string TrainingLoss::misfit(const at::Tensor& scores, const data::Batch& batch) const {
    if (auto why = loss.misfit(scores, batch.targets); !why.empty()) return why;
    if (!teacher) return {};
    if (loss.name == "mse" || loss.name == "bce")
        return cat("distillation compares the scores of classes, and the loss is ", loss.name);
    const std::string why = teacher->misfit(scores, batch);
    return why.empty() ? why : cat("distillation does not go with this model: ", why);
}

}  // namespace espalier::train
