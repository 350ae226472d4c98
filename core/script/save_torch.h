// SPDX-License-Identifier: GPL-3.0-or-later
// Saving a module so that what is on the disk is known to be right.
#pragma once

#include <filesystem>
#include <span>

#include <torch/csrc/jit/api/module.h>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/script/extra_files_torch.h"
#include "core/script/input_spec.h"

namespace espalier::script {

/// Writes `module` to `target` atomically: saved beside it, loaded again, run on an example of
/// `inputs` and compared with the module in memory (equal bit for bit), only then renamed. `inputs`
/// may be empty: then parameters and buffers alone are compared. `extraFiles` go into the archive
/// as torch.jit.save's `_extra_files`. Errors: WriteFailed; Failed when the file does not give what
/// the module gives; Cancelled, with nothing written.
Result<void> saveChecked(const torch::jit::Module& module, std::span<const InputSpec> inputs,
                         const std::filesystem::path& target, const EventSink<>& events,
                         RunControl& control, const ExtraFiles& extraFiles = {});

}  // namespace espalier::script
