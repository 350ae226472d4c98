// SPDX-License-Identifier: GPL-3.0-or-later
// Checkpoints as files: run.espalier-checkpoint, version 1.
//
// A line "espalier-checkpoint 1"; the size of the next part in 8 bytes; JSON that names every value
// with its type and shape; their bytes, one after the other; the SHA-256 of all that, in
// hexadecimal. All numbers are little-endian. Nothing in it is code.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "core/train/checkpoint.h"

namespace espalier::exchange {

/// What a checkpoint says before its values.
struct CheckpointAbout {
    std::string source;  ///< where model, data and plan come from, as whoever wrote it put it
    train::RunIdentity identity;
    train::Recipe recipe;
    int epochs = 0;  ///< finished
};

struct SavedRun {
    std::string source;
    train::CheckpointPtr checkpoint;
};

/// The checkpoint in a folder that is given to one run.
std::filesystem::path checkpointIn(const std::filesystem::path& folder);

/// Replaces `file` when the new one is complete and on the disk, not before. Errors: WriteFailed.
Result<void> writeCheckpoint(const train::Checkpoint& checkpoint, const std::string& source,
                             const std::filesystem::path& file);

/// Every size is held against the file, and every byte against its SHA-256; takes about a second
/// per gigabyte. Errors: NotFound, Unreadable; Damaged; Unsupported (another kind of file, a later
/// version).
Result<SavedRun> readCheckpoint(const std::filesystem::path& file);

/// The beginning alone, in milliseconds: what follows may still be damaged. Errors: likewise.
Result<CheckpointAbout> readCheckpointAbout(const std::filesystem::path& file);

}  // namespace espalier::exchange
