// SPDX-License-Identifier: GPL-3.0-or-later
// Losses: one file each, one line in the table of losses.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include <ATen/core/Tensor.h>

#include "core/base/result.h"
#include "core/base/run_control.h"

namespace espalier::measure {

struct Loss {
    std::string name;
    /// Why such targets do not fit such outputs; empty when they do.
    std::function<std::string(const at::Tensor& output, const at::Tensor& targets)> misfit;
    /// The mean over the samples of a batch, a scalar that gradients can be taken of. Throws when
    /// the targets do not fit.
    std::function<at::Tensor(const at::Tensor& output, const at::Tensor& targets)> mean;
    /// Whether outputs may come in double precision; modules are given what the model gives.
    bool takesDouble = true;
};

/// A target of cross_entropy that the output has no score for.
struct StrayLabel : std::runtime_error {
    StrayLabel(std::int64_t sample, std::int64_t label, std::int64_t classes);
    std::int64_t sample = 0;  ///< of the batch, from 0
    std::int64_t label = 0;
    std::int64_t classes = 0;  ///< that the output has scores for
};

/// Output [samples, classes, …] of any real numbers; targets [samples, …] int64. Its mean throws
/// StrayLabel.
Loss crossEntropyLoss(double labelSmoothing = 0);
/// Mean of squared differences: torch.nn.MSELoss.
Loss mseLoss();
/// Output of logits, targets 0..1: torch.nn.BCEWithLogitsLoss.
Loss bceLoss();

/// A loss of that name, or from a TorchScript file, on the CPU and `device`.
/// Errors: of JudgeModule::load; BadArgument for label smoothing of another loss than
/// cross_entropy.
Result<Loss> findLoss(const std::string& nameOrFile, double labelSmoothing, at::Device device,
                      RunControl& control);

/// `targets` in the shape of `output` when both have as many numbers for each sample, else
/// undefined: [samples] and [samples, 1] are the same.
at::Tensor shapedLike(const at::Tensor& targets, const at::Tensor& output);

/// "2x10 float32"
std::string shapeText(const at::Tensor& tensor);

}  // namespace espalier::measure
