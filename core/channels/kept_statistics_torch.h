// SPDX-License-Identifier: GPL-3.0-or-later
// The masked twin of an inexact cut: its statistics run over kept channels alone.
#pragma once

#include "core/channels/boxes_torch.h"
#include "core/channels/trace_torch.h"
#include "core/script/rewriter_torch.h"

namespace espalier::channels {

/// Edits the graph of `draft` (a model with its original shapes) so that every operator which sums
/// up over an axis that `boxes` cuts (layer_norm, group_norm, mean, softmax, …) sees the kept
/// positions alone; what it gives for the others is zero. Returns how many operators were changed.
int keepStatistics(const Trace& trace, const Boxes& boxes, const script::Draft& draft);

}  // namespace espalier::channels
