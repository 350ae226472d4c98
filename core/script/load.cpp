// SPDX-License-Identifier: GPL-3.0-or-later
#include <mutex>

#include <torch/csrc/jit/runtime/print_handler.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/base/log.h"
#include "core/script/archive.h"
#include "core/script/load_check_torch.h"
#include "core/script/load_constants_torch.h"
#include "core/script/load_guard.h"
#include "core/script/load_torch.h"

namespace espalier::script {

namespace {

/// What a model prints goes to the log: standard output belongs to the program's own results.
void printToLog() {
    static std::once_flag once;
    std::call_once(once, [] {
        torch::jit::setPrintHandler(
            [](const std::string& text) { log(LogLevel::Info, "The model prints: " + text); });
    });
}

void lift(LoadedModule& loaded) {
    const auto names = liftConstants(loaded.module);
    if (names.empty()) return;
    loaded.notes.push_back(cat("The file is frozen: ", names.size(), " constants of its code, ",
                               names.front(), " to ", names.back(),
                               ", were made parameters again. Batch normalisation that was folded "
                               "into them when it was frozen stays folded."));
    log(LogLevel::Info, loaded.notes.back());
}

}  // namespace

Result<LoadedModule> loadModule(const std::filesystem::path& path, RunControl& control) {
    const std::string what = "Cannot open " + path.filename().string();
    return guarded(what, [&]() -> Result<LoadedModule> {
        const auto report = checkArchive(path);
        if (!report) return report.error();
        auto sha256 = sha256OfFile(path, &control);
        if (!sha256) return sha256.error();
        const auto limits = LoadLimits::forFile(report->fileBytes);
        if (auto tried = tryLoadInChild(path, limits, control, *sha256); !tried)
            return tried.error();
        printToLog();
        LoadedModule loaded{torch::jit::load(path.string(), c10::Device(c10::kCPU)),
                            *std::move(sha256),
                            report->fileBytes,
                            {}};
        if (!loaded.module.find_method("forward")) {
            return Error{Error::Kind::Unsupported, what,
                         "it has no method called forward, so it computes nothing",
                         "Save the module whose forward is to be pruned."};
        }
        if (auto judged = checkGraphs(*loaded.module._ivalue()->compilation_unit()); !judged)
            return judged.error();
        if (loaded.module.hasattr("training") && loaded.module.is_training()) {
            loaded.notes.emplace_back(
                "It was saved in training mode; here it is run and written in evaluation mode.");
        }
        loaded.module.eval();
        lift(loaded);
        return loaded;
    });
}

}  // namespace espalier::script
