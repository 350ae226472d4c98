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

/// A cut model, and the masks of just what it lacks: in their channels() a group that had to be
/// left whole is whole, with the reason as its constraint.
struct CutPlan {
    channels::CutModelPtr model;
    prune::MasksPtr masks;
};

/// Cuts out the channels that `masks`, made of `plan`, remove, with all other removed weights set
/// to zero, and proves the result against the masked model. Where a group has to be left whole, the
/// weight rules act on all of it, by the `scores` that the masks were made with. To be written with
/// channels::saveCut, its masked twin with channels::saveMasked. Errors: BadArgument when the masks
/// remove no channel; those of channels::cut: a failed proof is an error.
Result<CutPlan> cutChannels(const model::Snapshot& snapshot, const prune::Plan& plan,
                            const prune::MasksPtr& masks, const channels::CutOptions& options,
                            const EventSink<>& events, RunControl& control,
                            const prune::ScoreCache& scores = {});

/// The type of the first parameter that holds real numbers: "float32"; empty when there is none.
std::string dtypeOf(const model::Snapshot& snapshot);

/// Writes the model with its original shapes and zeros where `masks` removes (null: as the snapshot
/// is). Attached torch.nn.utils.prune masks are committed. Atomic and checked
/// (script::saveChecked). Errors: WriteFailed, Failed, Cancelled.
Result<void> exportMasked(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                          const std::filesystem::path& target, const EventSink<>& events,
                          RunControl& control);

}  // namespace espalier::exchange
