// SPDX-License-Identifier: GPL-3.0-or-later
// Learning from the outputs of another model.
#pragma once

#include <string>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/base/result.h"
#include "core/data/dataset_torch.h"
#include "core/measure/scores_torch.h"
#include "core/train/recipe.h"

namespace espalier::train {

/// A model that another one learns from (Hinton et al. 2015). Copies share the module.
class Teacher {
public:
    /// `dense` in evaluation mode on the device of `placement`. `output` as MetricOptions::output.
    Teacher(const model::Snapshot& dense, const measure::Placement& placement, std::string output,
            const Distillation& options);

    /// Why nothing can be learnt from the teacher by scores of this shape; empty when it can.
    std::string misfit(const at::Tensor& scores, const data::Batch& batch) const;
    /// (1 - weight) * `loss` + weight * T² * KL(teacher ‖ student) of softmax(scores / T), the mean
    /// over samples; `scores` [samples, classes, …] of the student on `batch`.
    at::Tensor loss(const at::Tensor& loss, const at::Tensor& scores,
                    const data::Batch& batch) const;

private:
    at::Tensor outputs(const data::Batch& batch) const;

    mutable torch::jit::Module m_module;
    std::string m_output;
    Distillation m_options;
};

}  // namespace espalier::train
