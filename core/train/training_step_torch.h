// SPDX-License-Identifier: GPL-3.0-or-later
// One optimizer step under masks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/base/result.h"
#include "core/data/loader_torch.h"
#include "core/train/batch_parts_torch.h"
#include "core/train/mask_enforcer_torch.h"
#include "core/train/mixed_precision_torch.h"
#include "core/train/optimizer_torch.h"
#include "core/train/recipe.h"
#include "core/train/training_loss_torch.h"

namespace espalier::train {

/// Forward, backward, and a step of the optimizer, with what was removed kept at zero. Everything
/// between the backward pass and the optimizer happens in update(), in one place: whoever trains on
/// several machines averages gradients there.
class TrainingStep {
public:
    /// `output`: the key of the model's output that the loss looks at, as MetricOptions::output.
    TrainingStep(torch::jit::Module module, TrainingLoss loss, std::string output,
                 const Recipe& recipe, const Precision& precision = {});

    /// Keeps what `masks` removes at zero from now on; null: weights may grow back.
    void setMasks(std::unique_ptr<MaskEnforcer> masks);
    bool hasMasks() const { return m_masks != nullptr; }
    /// Called with the learning rate of each step when its gradients are there, before those of
    /// removed weights become zero.
    void setAfterBackward(std::function<void(double lr)> observer) {
        m_afterBackward = std::move(observer);
    }
    /// All that the optimizer remembers starts anew.
    void resetOptimizer();
    /// Another module with the same parameters, in other shapes perhaps.
    void setModule(torch::jit::Module module) { m_module = std::move(module); }

    /// The loss of `batch` with all its terms, from before the step; when it is not finite, nothing
    /// was changed. A step whose gradients overflow in fp16 is left out.
    /// Errors: Failed, when there are no gradients, or the device's memory does not suffice.
    Result<double> run(const data::Batch& batch, double lr);

    const std::vector<at::Tensor>& parameters() const { return m_parameters; }  ///< that train
    Optimizer& optimizer() { return *m_optimizer; }
    LossScaler& lossScaler() { return m_scaler; }

    void save(RunState& state) const;
    /// Throws std::runtime_error when `state` is of another optimizer, model or way of masking.
    void load(const RunState& state);

private:
    Result<double> addGradients(const data::Batch& part, double share);
    at::Tensor lossOf(const data::Batch& batch);
    void update(double lr);

    torch::jit::Module m_module;
    TrainingLoss m_loss;
    std::string m_output;
    Precision m_precision;
    double m_clipNorm;
    std::vector<at::Tensor> m_parameters;
    OptimizerOptions m_optimizerOptions;
    std::unique_ptr<Optimizer> m_optimizer;
    std::function<void(double lr)> m_afterBackward;
    LossScaler m_scaler;
    std::unique_ptr<MaskEnforcer> m_masks;
    BatchParts m_parts;
};

}  // namespace espalier::train
