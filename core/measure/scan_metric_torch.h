// SPDX-License-Identifier: GPL-3.0-or-later
// How well outputs do, added up over samples: what evaluations and scans look at. One file per
// metric and one line in objective.cpp.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include <ATen/core/Tensor.h>

#include "core/measure/judge_module_torch.h"
#include "core/measure/loss_torch.h"
#include "core/measure/metric.h"
#include "core/measure/sensitivity.h"

namespace espalier::measure {

struct ScanMetric {
    /// What scores are compared with.
    enum class Reference {
        Labels,      ///< the targets of the batch
        DenseScores  ///< the scores that the dense model gave for the batch
    };

    /// "labels": part of the key under which results are remembered; with the loss and the content
    /// of modules.
    std::string name;
    Reference reference = Reference::Labels;
    /// Sums over the samples of a batch, not means; NaN for what is not measured.
    std::function<ScanFigures(const at::Tensor& scores, const at::Tensor& reference)> sums;
    std::string output{};  ///< which of forward's tensors are the scores: see selectOutput
};

/// Top-1, top-5 and cross-entropy against the labels.
ScanMetric labelMetric();

/// A loss against the targets; with it top-1 and top-5 where `metric` has them, and what `module`
/// gives where it is a module's.
ScanMetric targetMetric(const Metric& metric, const Loss& loss,
                        const std::optional<JudgeModule>& module);

/// Agreement with the dense model: top-1 is the share of equal best classes, top-5 that of the
/// dense model's best class among the five best, the loss the mean of KL(dense ∥ scores) in nats.
/// Classes are axis 1, of [samples, tokens, classes] the last one.
ScanMetric agreementMetric();

}  // namespace espalier::measure
