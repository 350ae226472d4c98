// SPDX-License-Identifier: GPL-3.0-or-later
// Models as files.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "core/channels/shrink.h"
#include "core/model/snapshot.h"
#include "core/prune/masks.h"

namespace espalier::exchange {

/// Cuts out the channels that `masks` removes, with all other removed weights set to zero, and
/// proves the result against the masked model. To be written with channels::saveCut, its masked
/// twin with channels::saveMasked. Errors: BadArgument when the masks remove no channel; those of
/// channels::cut: a failed proof is an error.
Result<channels::CutModelPtr> cutChannels(const prune::Masks& masks,
                                          const channels::CutOptions& options,
                                          const EventSink<>& events, RunControl& control);

/// The type of the first parameter that holds real numbers: "float32"; empty when there is none.
std::string dtypeOf(const model::Snapshot& snapshot);

/// Writes the model with its original shapes and zeros where `masks` removes (null: as the snapshot
/// is). Attached torch.nn.utils.prune masks are committed. Atomic and checked
/// (script::saveChecked). Errors: WriteFailed, Failed.
Result<void> exportMasked(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                          const std::filesystem::path& target);

}  // namespace espalier::exchange
