// SPDX-License-Identifier: GPL-3.0-or-later
// What to say of a split that holds no samples.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/data/dataset.h"

namespace espalier::data {

/// Mismatch: that the split is empty, which ones are not, and how to fill it. `what`: what was
/// to be done with it.
Error emptySplit(std::string what, const DatasetInfo& info, Split split);

/// Mismatch: that nothing is there to train on.
Error nothingToTrainOn(const DatasetInfo& info);

}  // namespace espalier::data
