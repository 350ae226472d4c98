// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/session_weights.h"

#include <map>
#include <utility>
#include <vector>

#include <ATen/core/grad_mode.h>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/exchange/value_file_torch.h"
#include "core/model/snapshot_torch.h"

namespace espalier::project {

namespace fs = std::filesystem;

namespace {

constexpr exchange::ValueFormat kFormat{
    .name = "espalier-weights",
    .version = 1,
    .noun = "file of a session's weights",
    .ifOther = "Put the session's own folder of weights back",
    .ifMissing = "Keep the session's folder of weights beside it when you move the session",
    .ifDamaged = "Put the session's own folder of weights back"};

/// In the module's order, by name and what it is: "parameter conv1.weight".
std::vector<std::pair<std::string, at::Tensor>> valuesOf(const torch::jit::Module& module) {
    std::vector<std::pair<std::string, at::Tensor>> values;
    for (const auto& each : module.named_parameters())
        values.emplace_back("parameter " + each.name, each.value.detach());
    for (const auto& each : module.named_buffers())
        values.emplace_back("buffer " + each.name, each.value.detach());
    return values;
}

std::string maskName(const model::Layer& layer) {
    return "mask " + layer.name;
}

Error doesNotFit(const fs::path& file, const std::string& why) {
    return {Error::Kind::Mismatch, cat("Cannot read the weights ", file.filename().string()), why,
            "Give the model that the session was saved with"};
}

using Named = std::map<std::string, at::Tensor>;

/// Copies what `stored` has for the module's own tensors, and takes it out of there.
Result<void> fill(const torch::jit::Module& module, Named& stored, const fs::path& file) {
    const at::NoGradGuard noGrad;
    for (auto& [name, tensor] : valuesOf(module)) {
        const auto found = stored.find(name);
        if (found == stored.end()) return doesNotFit(file, cat(name, " is not in it"));
        const at::Tensor& value = found->second;
        if (value.sizes() != tensor.sizes() || value.scalar_type() != tensor.scalar_type())
            return doesNotFit(file, cat(name, " has another shape or type there"));
        tensor.copy_(value);
        stored.erase(found);
    }
    return {};
}

Result<std::vector<at::Tensor>> takeMasks(const model::Snapshot& base, Named& stored,
                                          const fs::path& file) {
    std::vector<at::Tensor> masks;
    for (const model::Layer& layer : base.layers()) {
        at::Tensor& mask = masks.emplace_back();
        const auto found = stored.find(maskName(layer));
        if (found == stored.end()) continue;
        mask = found->second;
        const bool isOfWeight = mask.scalar_type() == at::kBool &&
                                mask.sizes() == model::weight(base, layer.id).sizes();
        if (!isOfWeight) return doesNotFit(file, cat(found->first, " is of another shape"));
        stored.erase(found);
    }
    return masks;
}

}  // namespace

std::string fingerprint(const model::Snapshot& snapshot) {
    Sha256 hash;
    hash.add(snapshot.weightsHash());
    for (const auto& buffer : snapshot.state().module.named_buffers()) {
        const at::Tensor bytes = buffer.value.detach().cpu().contiguous();
        hash.add(buffer.name + ":");
        hash.add({static_cast<const char*>(bytes.const_data_ptr()), bytes.nbytes()});
    }
    return hash.hex();
}

fs::path weightsFile(const fs::path& folder, const std::string& fingerprint) {
    return folder / (fingerprint + ".weights");
}

Result<void> writeWeights(const model::Snapshot& snapshot, const fs::path& file) {
    std::vector<exchange::StoredValue> values;
    for (const auto& [name, tensor] : valuesOf(snapshot.state().module))
        values.push_back({name, "tensor", {tensor}});
    const auto& masks = snapshot.state().baseMasks;
    for (const model::Layer& layer : snapshot.layers()) {
        const at::Tensor& mask = masks.at(layer.id.index());
        if (mask.defined()) values.push_back({maskName(layer), "tensor", {mask}});
    }
    return writeAtomically(file, [&](const fs::path& temporary) -> Result<void> {
        exchange::writeValueFile(temporary, kFormat, nlohmann::ordered_json::object(), values);
        return {};
    });
}

Result<model::SnapshotPtr> readWeights(const model::Snapshot& base, const fs::path& file) {
    auto read = exchange::readValueFile(file, kFormat);
    if (!read) {
        Error error = read.error();
        error.what = cat("Cannot read the weights ", file.string());
        return error;
    }
    Named stored;
    for (const exchange::StoredValue& value : read->values) {
        if (value.tensors.size() == 1) stored[value.name] = value.tensors[0];
    }
    const torch::jit::Module module = model::cloneModule(base.state().module);
    if (const auto filled = fill(module, stored, file); !filled) return filled.error();
    auto masks = takeMasks(base, stored, file);
    if (!masks) return masks.error();
    if (!stored.empty()) return doesNotFit(file, cat("the model has no ", stored.begin()->first));
    return model::withWeights(base, module, std::move(*masks));
}

}  // namespace espalier::project
