// SPDX-License-Identifier: GPL-3.0-or-later
// What a sensitivity scan looks at: how well outputs do, added up over samples. One file per metric
// and one line where it is chosen.
#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "core/measure/sensitivity.h"

namespace espalier::measure {

struct ScanMetric {
    /// What scores are compared with.
    enum class Reference {
        Labels,      ///< the targets of the batch, [batch] int64
        DenseScores  ///< the scores that the dense model gave for the batch, [batch, classes]
    };

    std::string name;  ///< "labels": part of the key under which results are remembered
    Reference reference = Reference::Labels;
    /// Sums over the samples of a batch, not means. `scores` is [batch, classes].
    ScanFigures (*sums)(const at::Tensor& scores, const at::Tensor& reference) = nullptr;
};

/// Top-1, top-5 and cross-entropy against the labels, as measure::evaluate counts them.
ScanMetric labelMetric();

}  // namespace espalier::measure
