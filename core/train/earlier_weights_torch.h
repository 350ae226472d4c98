// SPDX-License-Identifier: GPL-3.0-or-later
// The weights that a lottery ticket goes back to.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/model/snapshot.h"
#include "core/train/pruner_torch.h"

namespace espalier::train {

/// The values of all parameters and buffers of `snapshot`'s model in another: in `earlier`, or when
/// that is null in the TorchScript file at `path`; its own when there is no path either. Buffers
/// that the other lacks stay out. Errors: those of script::loadModule; Mismatch, naming the
/// parameter that the other lacks or has in another shape.
Result<NamedValues> earlierWeights(const model::Snapshot& snapshot,
                                   const model::SnapshotPtr& earlier, const std::string& path,
                                   RunControl& control);

}  // namespace espalier::train
