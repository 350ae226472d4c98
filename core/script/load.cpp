// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/load_torch.h"

#include <torch/csrc/jit/serialization/import.h>

#include "core/base/files.h"

namespace espalier::script {

Result<LoadedModule> loadModule(const std::filesystem::path& path, RunControl&) {
    return guarded("Cannot open " + path.filename().string(), [&]() -> Result<LoadedModule> {
        auto hash = sha256OfFile(path);
        if (!hash) return hash.error();
        LoadedModule loaded{torch::jit::load(path.string(), c10::Device(c10::kCPU)), *hash,
                            std::filesystem::file_size(path)};
        loaded.module.eval();
        return loaded;
    });
}

}  // namespace espalier::script
