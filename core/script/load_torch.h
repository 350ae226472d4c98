// SPDX-License-Identifier: GPL-3.0-or-later
// The one gate through which a model file becomes a module.
#pragma once

#include <filesystem>
#include <string>

#include <torch/csrc/jit/api/module.h>

#include "core/base/result.h"
#include "core/base/run_control.h"

namespace espalier::script {

struct LoadedModule {
    torch::jit::Module module;  ///< on the CPU, in evaluation mode
    std::string sha256;         ///< of the file
    std::uint64_t fileBytes = 0;
};

/// checkArchive, tryLoadInChild, then torch::jit::load on the CPU. Frozen constants that are parameters of a layer are
/// lifted to attributes. Errors: as those two; Unsupported when the module has no forward.
Result<LoadedModule> loadModule(const std::filesystem::path& path, RunControl& control);

}  // namespace espalier::script
