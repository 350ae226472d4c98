// SPDX-License-Identifier: GPL-3.0-or-later
// Weights as a safetensors file: eight bytes with the length of a JSON header, that header, the
// data.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/exchange/model_format.h"

namespace espalier::exchange {

/// Writes every parameter and buffer of `subject`'s module under its name in state_dict, so that
/// `module.load_state_dict(safetensors.torch.load_file(target))` fits a module of these shapes. A
/// tensor with several names is written once for each. Atomic; read again and compared byte by byte
/// before the file takes its name. Returns notes for people. Errors: Unsupported, naming the
/// tensor, for a type that the format has no name for; WriteFailed; Failed; Cancelled.
Result<std::vector<std::string>> writeSafetensors(const ExportSubject& subject,
                                                  const std::filesystem::path& target,
                                                  const EventSink<>& events, RunControl& control);

}  // namespace espalier::exchange
