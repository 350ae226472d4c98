// SPDX-License-Identifier: GPL-3.0-or-later
// A way to fine-tune that suits how much is pruned.
#pragma once

#include <string>

#include "core/train/recipe.h"

namespace espalier::train {

/// `recipe` with the schedule, epochs and learning rate that suit a plan that removes a share
/// `removed`, 0..1, of all prunable weights: one shot where little goes, gradual pruning where much
/// does. What was measured to choose them is in docs/pruning-schedules.md.
Recipe suited(Recipe recipe, double removed);

/// `recipe` with so many epochs in the whole run; rounds get equal parts, at least one each.
Recipe withEpochs(Recipe recipe, int epochs);

/// "agp, 12 epochs of sgd at 0.05, batches of 128": for people.
std::string describe(const Recipe& recipe);

}  // namespace espalier::train
