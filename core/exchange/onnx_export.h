// SPDX-License-Identifier: GPL-3.0-or-later
// Models as ONNX files, opset 17, for any batch size where the model takes any.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/exchange/model_format.h"

namespace espalier::exchange {

/// Operators of one kind in one layer that stand against an export.
struct OnnxObstacle {
    std::string op;      ///< "aten::fft_rfft2"
    std::string layer;   ///< module path; empty: forward itself, or the file does not say
    std::string reason;  ///< for people
    bool operator==(const OnnxObstacle&) const = default;
};

/// What a file would hold.
struct OnnxPreview {
    std::vector<OnnxObstacle> obstacles;  ///< none: it can be written
    std::map<std::string, int> nodes;     ///< ONNX operators, and how many
    bool hasAnyBatch = false;             ///< the batch size stays free
    std::vector<std::string> notes;       ///< for people: what the file does not hold
};

/// Runs the module of `subject` on examples and maps what it does, without writing anything. Takes
/// as long as four runs. Errors: those of script::runObserved; Cancelled.
Result<OnnxPreview> previewOnnx(const ExportSubject& subject, const EventSink<>& events,
                                RunControl& control);

/// The operators that `writeOnnx` would refuse, with their layers; see previewOnnx.
Result<std::vector<OnnxObstacle>> onnxObstacles(const ExportSubject& subject,
                                                const EventSink<>& events, RunControl& control);

/// Writes what the module of `subject` does on an example: loops unrolled, branches decided,
/// parameters under their names in state_dict, constants folded. Atomic, read again and compared.
/// Errors: Unsupported, naming all operators without a mapping, or when the file would be larger
/// than 2 GB; those of previewOnnx; WriteFailed.
Result<std::vector<std::string>> writeOnnx(const ExportSubject& subject,
                                           const std::filesystem::path& target,
                                           const EventSink<>& events, RunControl& control);

/// The operators of TorchScript that have a mapping, without their namespace.
std::vector<std::string> onnxOperators();

}  // namespace espalier::exchange
