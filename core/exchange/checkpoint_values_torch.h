// SPDX-License-Identifier: GPL-3.0-or-later
// The values of a run as tensors and text, for checkpoint files alone.
#pragma once

#include <vector>

#include "core/exchange/value_file_torch.h"
#include "core/train/checkpoint.h"
#include "core/train/run_state_torch.h"

namespace espalier::exchange {

/// The samples of a run come first, as one tensor. Throws std::runtime_error for a value of another
/// type.
std::vector<StoredValue> valuesOf(const train::Checkpoint& checkpoint);
/// Puts the values back. Throws std::runtime_error when one is not what its kind says.
void setValues(train::Checkpoint& checkpoint, const std::vector<StoredValue>& values);

}  // namespace espalier::exchange
