// SPDX-License-Identifier: GPL-3.0-or-later
// The formats that a model can be exported in. A new one is a file pair and a line in the table of
// model_format.cpp.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/channels/shrink.h"
#include "core/model/snapshot.h"
#include "core/prune/masks.h"

namespace espalier::exchange {

/// What is exported: a cut model, or one with its original shapes and zeros.
struct ExportSubject {
    model::SnapshotPtr snapshot;
    prune::MasksPtr masks;           ///< null: as the snapshot is
    channels::CutModelPtr cut = {};  ///< null when no channel goes
    bool isMasked = false;           ///< of a cut model: its masked twin
};

/// A format: how it is called, how its files end, and what writes them.
struct ModelFormat {
    std::string_view name;    ///< "safetensors", as the command line takes it
    std::string_view suffix;  ///< ".safetensors"
    /// Writes `target` atomically and checks what was written. Returns notes for people: what the
    /// file does not hold. Errors: Unsupported; WriteFailed; Failed; Cancelled.
    Result<std::vector<std::string>> (*write)(const ExportSubject& subject,
                                              const std::filesystem::path& target,
                                              const EventSink<>& events, RunControl& control);
};

std::span<const ModelFormat> modelFormats();

/// Errors: BadArgument, listing the formats there are.
Result<ModelFormat> findModelFormat(std::string_view name);

}  // namespace espalier::exchange
