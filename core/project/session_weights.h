// SPDX-License-Identifier: GPL-3.0-or-later
// Weights of a session that are in no model file, one file for each distinct set of them.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "core/model/snapshot.h"

namespace espalier::project {

/// SHA-256 over parameters, base masks and buffers: what Snapshot::weightsHash leaves out, the
/// statistics of batch norms, differs too between states of a training.
std::string fingerprint(const model::Snapshot& snapshot);

/// The file in a session's folder of weights.
std::filesystem::path weightsFile(const std::filesystem::path& folder,
                                  const std::string& fingerprint);

/// Tensors alone, no code; atomic. Errors: WriteFailed.
Result<void> writeWeights(const model::Snapshot& snapshot, const std::filesystem::path& file);

/// `base` with the values and base masks in `file`, to the last bit as they were written. Errors:
/// NotFound, Unreadable, Damaged, Unsupported, each naming the file; Mismatch, naming the tensor
/// that is of another shape or type in `base` or that one of the two lacks.
Result<model::SnapshotPtr> readWeights(const model::Snapshot& base,
                                       const std::filesystem::path& file);

}  // namespace espalier::project
