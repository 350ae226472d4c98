// SPDX-License-Identifier: GPL-3.0-or-later
// How much of a plan is in force at each moment of a run.
#pragma once

#include "core/train/recipe.h"

namespace espalier::train {

/// The share, 0..1, of what a plan removes that is removed at `progress`, the share 0..1 of the
/// run's steps that are done.
///
/// `sparsity` is what the plan comes to in the end, 0..1, of the weights that were there at first:
/// rounds each take the same share of what is left, so the curve depends on it. one_shot: 1
/// throughout. iterative, lottery: a stair of `rounds` steps, the first at 0; after step r of n a
/// share (1 - sparsity)^(r/n) is left. agp, movement: 1 - (1 - t)^3 with t rising from 0 at `begin`
/// to 1 at `end` (Zhu and Gupta 2017); runs follow the curve every `everySteps` steps.
double removedShare(const ScheduleOptions& options, double progress, double sparsity);

}  // namespace espalier::train
