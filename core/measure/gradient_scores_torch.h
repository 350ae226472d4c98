// SPDX-License-Identifier: GPL-3.0-or-later
// What the criteria that look at gradients share.
#pragma once

#include <string_view>
#include <vector>

#include "core/measure/score_meter_torch.h"

namespace espalier::measure {

inline constexpr std::string_view kNoGradient = "the loss does not depend on it";

/// Errors: Damaged when a gradient is NaN or infinite.
Result<void> checkGradients(const std::vector<at::Tensor>& gradients);

/// Fills in `values` for the parameter, and along each axis the sums of `summed` over all others:
/// one round.
void setScores(prune::ScoreState& state, const std::string& parameter, const at::Tensor& values,
               const at::Tensor& summed);

}  // namespace espalier::measure
