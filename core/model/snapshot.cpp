// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/snapshot.h"

#include <algorithm>
#include <numeric>

#include <ATen/Functions.h>

#include "core/model/base_masks_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/script/deep_copy_torch.h"

namespace espalier::model {

std::string Layer::modulePath() const {
    const auto dot = name.rfind('.');
    return dot == std::string::npos ? std::string() : name.substr(0, dot);
}

Snapshot::Snapshot(std::shared_ptr<const SnapshotState> state)
    : m_state(std::move(state)), m_baseRemoved(removedByMasks(m_state->baseMasks)) {
    m_baseRemoved.resize(m_state->layers.size());
}

const ModelFile& Snapshot::file() const {
    return m_state->file;
}
std::span<const Layer> Snapshot::layers() const {
    return m_state->layers;
}
const Layer& Snapshot::layer(LayerId id) const {
    return m_state->layers.at(id.index());
}
std::span<const script::InputSpec> Snapshot::inputs() const {
    return m_state->inputs;
}
bool Snapshot::inputsAreGuessed() const {
    return m_state->inputsAreGuessed;
}
std::vector<std::int64_t> Snapshot::outputShape() const {
    return m_state->outputShape;
}
std::int64_t Snapshot::parameters() const {
    return m_state->parameters;
}
std::int64_t Snapshot::otherMacs() const {
    return m_state->otherMacs;
}
std::span<const std::string> Snapshot::notes() const {
    return m_state->notes;
}
const std::string& Snapshot::weightsHash() const {
    return m_state->weightsHash;
}

std::optional<LayerId> Snapshot::find(std::string_view name) const {
    const auto found = std::ranges::find(m_state->layers, name, &Layer::name);
    if (found == m_state->layers.end()) return std::nullopt;
    return found->id;
}

std::int64_t Snapshot::macs() const {
    const auto& layers = m_state->layers;
    return std::accumulate(layers.begin(), layers.end(), m_state->otherMacs,
                           [](std::int64_t sum, const Layer& layer) { return sum + layer.macs; });
}

std::int64_t Snapshot::baseRemoved(LayerId id) const {
    return m_baseRemoved.at(id.index());
}

at::Tensor parameterAt(const torch::jit::Module& module, std::string_view path) {
    auto holder = module;
    while (true) {
        const auto dot = path.find('.');
        if (dot == std::string_view::npos) return holder.attr(std::string(path)).toTensor();
        holder = holder.attr(std::string(path.substr(0, dot))).toModule();
        path.remove_prefix(dot + 1);
    }
}

at::Tensor weight(const Snapshot& snapshot, LayerId layer) {
    return parameterAt(snapshot.state().module, snapshot.layer(layer).name).detach();
}

torch::jit::Module cloneModule(const torch::jit::Module& module) {
    return script::copyModule(module);
}

SnapshotPtr withWeights(const Snapshot& base, torch::jit::Module module,
                        std::vector<at::Tensor> masks) {
    auto state = std::make_shared<SnapshotState>(base.state());
    state->module = std::move(module);
    state->baseMasks = std::move(masks);
    state->baseMasks.resize(state->layers.size());
    state->weightsHash = hashOfWeights(state->module, state->baseMasks);
    return std::make_shared<const Snapshot>(std::move(state));
}

}  // namespace espalier::model
