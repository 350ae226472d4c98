// SPDX-License-Identifier: GPL-3.0-or-later
// What tracing a model in evaluation mode takes away, and training gives back.
#pragma once

#include "core/model/snapshot.h"

namespace espalier::train {

/// How many operators of the model (batch norms, dropouts) do not know that they train because the
/// file was traced in evaluation mode. Fine-tuning lets them follow the training mode; the result's
/// file computes as the original does. 0 for scripted files. Takes milliseconds; thread-safe.
int switchesRestored(const model::Snapshot& snapshot);

}  // namespace espalier::train
