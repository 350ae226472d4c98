// SPDX-License-Identifier: GPL-3.0-or-later
// Running a module on samples: the one way that evaluation, training and latency have in common.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <torch/csrc/jit/api/module.h>

#include "core/data/dataset_torch.h"
#include "core/measure/evaluate.h"
#include "core/measure/objective_torch.h"
#include "core/model/snapshot.h"

namespace espalier::measure {

/// Where a module lies and the type of its floating-point inputs.
struct Placement {
    c10::Device device = c10::kCPU;
    at::ScalarType dtype = at::kFloat;
};

/// Moves `module` to `device` and says how its inputs must be.
Placement place(torch::jit::Module& module, const model::Snapshot& snapshot, c10::Device device);

data::Batch moved(const data::Batch& batch, const Placement& placement);

/// Samples to try a model on, from the first split that has any.
data::Batch firstSamples(const data::Dataset& dataset, std::int64_t count);

/// The tensor of that key that forward returns (selectOutput): [batch, classes] of a classifier.
at::Tensor scores(torch::jit::Module& module, const data::Batch& batch,
                  const std::string& output = {});

/// checkFit for a module that lies where `placement` says; `module` is a copy that forward may
/// write to.
Result<Fit> checkFit(torch::jit::Module& module, const Placement& placement,
                     const model::Snapshot& snapshot, const data::Dataset& dataset,
                     const Objective& objective);

/// Mismatch, naming the sample: `before` samples of the split came before the batch of `stray`.
Error strayLabelError(const data::Dataset& dataset, data::Split split, std::int64_t before,
                      const StrayLabel& stray);

/// Gives `objective` the model that outputs are compared with, when it needs one.
void setReference(Objective& objective, const model::Snapshot& dense, const Placement& placement);

/// evaluate for a module that is in evaluation mode and fits. The device, metrics and reference of
/// `options` are not looked at.
Result<Evaluation> evaluateModule(torch::jit::Module& module, const Placement& placement,
                                  const data::Dataset& dataset, const EvaluateOptions& options,
                                  const Objective& objective, const EventSink<>& events,
                                  RunControl& control);

}  // namespace espalier::measure
