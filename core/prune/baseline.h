// SPDX-License-Identifier: GPL-3.0-or-later
// The plan to beat: as much removed as by another plan, the same share of each layer.
#pragma once

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/prune/footprint.h"
#include "core/prune/goal.h"
#include "core/prune/plan.h"

namespace espalier::prune {

/// The uniform plan of the size that `plan` leaves, `left`: of its non-zeros where the plan removes
/// weights (channels that it removes stay removed), else of its parameters by channels. Criteria
/// and locks are the plan's. Weights alone: exactly that size where nothing was removed before, the
/// largest layer's share making up for what rounding leaves. Else within 0.01 % of the dense size,
/// or what whole channels allow, and never above `left`.
///
/// `channels` is needed where the plan removes channels. Errors: BadArgument (the plan removes
/// nothing), those of planFor.
Result<Plan> uniformBaseline(const model::Snapshot& snapshot, const Plan& plan,
                             const Footprint& left, const ChannelFacts& channels,
                             const ScoreCache& scores, RunControl& control);

}  // namespace espalier::prune
