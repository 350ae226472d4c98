// SPDX-License-Identifier: GPL-3.0-or-later
// Models as files.
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "core/model/snapshot.h"
#include "core/prune/masks.h"

namespace espalier::exchange {

/// Writes the model with its original shapes and zeros where `masks` removes (null: as the snapshot
/// is). Attached torch.nn.utils.prune masks are committed. Atomic and checked
/// (script::saveChecked). Errors: WriteFailed, Failed.
Result<void> exportMasked(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                          const std::filesystem::path& target);

}  // namespace espalier::exchange
