// SPDX-License-Identifier: GPL-3.0-or-later
// Changes to the code of a model while it trains. None of them changes what it computes in
// evaluation mode.
#pragma once

#include "core/script/rewriter_torch.h"

namespace espalier::train {

/// The attribute of the root that averageStatistics reads: a float, 0..1.
inline constexpr auto kStatisticsShare = "batch_norm_share";

/// How many operators of a graph have their training mode switched off by a constant, as tracing in
/// evaluation mode leaves them: batch norms, dropouts, recurrent layers. None where the code asks
/// anywhere whether it trains: a constant is its author's choice then.
int countBakedSwitches(torch::jit::Graph& graph);

/// Lets those operators follow the module's `training` attribute. Returns how many.
int restoreSwitches(script::Draft& draft);

/// Gives every dropout the probability `p`: dropouts of all kinds as they stand, those within
/// attention and recurrent layers where the file has one. Returns how many.
int overrideDropout(script::Draft& draft, double p);

/// Lets batch norms move their running statistics by the share kStatisticsShare of the way to those
/// of a batch, instead of by their momentum. Returns how many.
int averageStatistics(script::Draft& draft);

}  // namespace espalier::train
