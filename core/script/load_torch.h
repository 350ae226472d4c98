// SPDX-License-Identifier: GPL-3.0-or-later
// The one gate through which a model file becomes a module.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <torch/csrc/jit/api/module.h>

#include "core/base/result.h"
#include "core/base/run_control.h"

namespace espalier::script {

struct LoadedModule {
    torch::jit::Module module;  ///< on the CPU, in evaluation mode
    std::string sha256;         ///< of the file
    std::uint64_t fileBytes = 0;
    std::vector<std::string> notes;  ///< for people: what is not as it is in the file
};

/// checkArchive, tryLoadInChild, then torch::jit::load on the CPU. Frozen constants that are
/// parameters of a layer are lifted to attributes, with a note. Takes about twice the time of
/// torch::jit::load plus 2 s for a file never seen before, the time of torch::jit::load for others.
/// Errors: as those two; Unsupported when the module has no forward.
Result<LoadedModule> loadModule(const std::filesystem::path& path, RunControl& control);

}  // namespace espalier::script
