// SPDX-License-Identifier: GPL-3.0-or-later
// What a device computes in.
#pragma once

#include "core/train/recipe.h"

namespace espalier::train {

/// Whether the device that `recipe` names here trains in the precision that it names. Takes no time
/// to speak of. Errors: Unsupported for fp16 on the CPU; BadArgument for a device that is not here.
Result<void> checkPrecision(const Recipe& recipe);

/// `recipe` on the CPU, in fp32 instead of fp16.
Recipe onCpu(Recipe recipe);

}  // namespace espalier::train
