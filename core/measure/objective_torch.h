// SPDX-License-Identifier: GPL-3.0-or-later
// MetricOptions made ready to judge a model's outputs on some data.
#pragma once

#include <memory>
#include <optional>

#include <torch/csrc/jit/api/module.h>

#include "core/measure/loss_torch.h"
#include "core/measure/metric.h"
#include "core/measure/scan_metric_torch.h"

namespace espalier::measure {

struct Objective {
    Metric metric;
    ScanMetric figures;
    std::optional<Loss> loss;           ///< none without targets
    std::optional<JudgeModule> module;  ///< of a module's metric
    /// The dense model where outputs are compared with it; on the device, in evaluation mode.
    std::shared_ptr<torch::jit::Module> reference{};

    bool needsReference() const { return figures.reference == ScanMetric::Reference::DenseScores; }
    /// Why these outputs cannot be judged by these targets; empty when they can.
    std::string misfit(const at::Tensor& output, const at::Tensor& targets) const;
};

/// Loads the modules that `options` names onto `device`.
/// Errors: of metricFor and findLoss.
Result<Objective> makeObjective(const MetricOptions& options, const data::DatasetInfo& data,
                                at::Device device, RunControl& control);

}  // namespace espalier::measure
