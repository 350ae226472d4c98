// SPDX-License-Identifier: GPL-3.0-or-later
// Validation results in a checkpoint.
#pragma once

#include <string>

#include "core/measure/evaluate.h"
#include "core/train/run_state_torch.h"

namespace espalier::train {

/// Everything but the metric, which the recipe and the data say, under names that begin with
/// `part`.
void saveEvaluation(RunState& state, const std::string& part,
                    const measure::Evaluation& evaluation);
/// Throws std::runtime_error when something is missing.
measure::Evaluation loadEvaluation(const RunState& state, const std::string& part,
                                   const measure::Metric& metric);

}  // namespace espalier::train
