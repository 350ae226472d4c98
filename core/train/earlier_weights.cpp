// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/earlier_weights_torch.h"

#include "core/base/format.h"
#include "core/model/snapshot_torch.h"
#include "core/script/load_torch.h"

namespace espalier::train {
namespace {

NamedValues parametersOf(const torch::jit::Module& module) {
    NamedValues values;
    for (const auto& each : module.named_parameters()) values[each.name] = each.value.detach();
    return values;
}

NamedValues buffersOf(const torch::jit::Module& module) {
    NamedValues values;
    for (const auto& each : module.named_buffers()) values[each.name] = each.value.detach();
    return values;
}

Error doesNotFit(const std::string& source, const std::string& path, const std::string& why) {
    return {Error::Kind::Mismatch, cat("Cannot go back to the weights of ", source),
            cat(path, " ", why), "Give a file of the same model, as it was before it was trained"};
}

}  // namespace

Result<NamedValues> earlierWeights(const model::Snapshot& snapshot,
                                   const model::SnapshotPtr& earlier, const std::string& path,
                                   RunControl& control) {
    torch::jit::Module source = earlier ? earlier->state().module : snapshot.state().module;
    std::string name = earlier ? earlier->file().name() : snapshot.file().name();
    if (!earlier && !path.empty()) {
        auto loaded = script::loadModule(path, control);
        if (!loaded) {
            Error error = loaded.error();
            error.what =
                cat("Cannot go back to earlier weights (schedule.rewind_to): ", error.what);
            return error;
        }
        source = loaded->module;
        name = std::filesystem::path(path).filename().string();
    }
    const NamedValues parameters = parametersOf(source);
    NamedValues values;
    for (const auto& [own, value] : parametersOf(snapshot.state().module)) {
        const auto found = parameters.find(own);
        if (found == parameters.end()) return doesNotFit(name, own, "is not in it");
        if (found->second.sizes() != value.sizes())
            return doesNotFit(name, own, "has another shape there");
        values[own] = found->second;
    }
    const NamedValues buffers = buffersOf(source);
    for (const auto& [own, value] : buffersOf(snapshot.state().module)) {
        const auto found = buffers.find(own);
        if (found != buffers.end() && found->second.sizes() == value.sizes())
            values[own] = found->second;
    }
    return values;
}

}  // namespace espalier::train
