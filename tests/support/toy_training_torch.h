// SPDX-License-Identifier: GPL-3.0-or-later
// Models with a forward, and data, small enough to compute with by hand.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <torch/csrc/jit/api/module.h>

#include "core/data/dataset_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"

namespace espalier::test {

/// A snapshot of `module`, whose layers are its parameters of two or more dimensions.
inline model::SnapshotPtr snapshotOf(torch::jit::Module module,
                                     std::vector<std::int64_t> inputShape) {
    auto state = std::make_shared<model::SnapshotState>();
    for (const auto& parameter : module.named_parameters()) {
        state->parameters += parameter.value.numel();
        if (parameter.value.dim() < 2) continue;
        const auto id = static_cast<int>(state->layers.size());
        model::Layer& layer = state->layers.emplace_back();
        layer.id.value = id;
        layer.name = parameter.name;
        layer.op = parameter.value.dim() == 4 ? "conv2d" : "linear";
        layer.shape = parameter.value.sizes().vec();
        layer.weightCount = layer.parameters = parameter.value.numel();
        layer.prunable.weights = true;
    }
    state->baseMasks.resize(state->layers.size());
    module.eval();
    state->module = module;
    state->weightsHash = "toy";
    state->file = {"toy.pt", "0123abcd", 0};
    state->inputs = {{std::move(inputShape), script::DType::Float32, {}, false}};
    return std::make_shared<const model::Snapshot>(std::move(state));
}

/// A module with these parameters on its root and this body of forward(self, x).
inline torch::jit::Module toyModule(
    const std::vector<std::pair<std::string, at::Tensor>>& parameters, const std::string& body,
    const std::vector<std::pair<std::string, at::Tensor>>& buffers = {}) {
    torch::jit::Module module("toy");
    for (const auto& [name, value] : parameters)
        module.register_parameter(name, value.clone(), false);
    for (const auto& [name, value] : buffers) module.register_buffer(name, value.clone());
    module.register_attribute("training", c10::BoolType::get(), true);
    module.define("def forward(self, x):\n    " + body + "\n");
    return module;
}

/// x wᵀ + b, from flattened samples.
inline model::SnapshotPtr linearModel(const at::Tensor& weight, const at::Tensor& bias) {
    return snapshotOf(toyModule({{"w", weight}, {"b", bias}},
                                "return torch.linear(torch.flatten(x, 1), self.w, self.b)"),
                      {1, 1, 1, weight.size(1)});
}

/// The masks that keep what is true; layers not named keep everything.
inline prune::MasksPtr masksOf(const model::Snapshot& snapshot,
                               const std::map<std::string, at::Tensor>& kept) {
    auto state = std::make_shared<prune::MaskState>();
    for (const model::Layer& layer : snapshot.layers()) {
        auto mask = std::make_shared<prune::LayerMask>();
        if (const auto found = kept.find(layer.name); found != kept.end()) {
            mask->kept = found->second;
            mask->removed = layer.weightCount - found->second.sum().item<std::int64_t>();
        }
        state->layers.push_back(mask);
        state->weightCounts.push_back(layer.weightCount);
    }
    return std::make_shared<const prune::Masks>(std::move(state));
}

/// Samples and labels for each split, held as tensors.
class ToyData final : public data::Dataset {
public:
    struct Part {
        at::Tensor inputs;   // [samples, …]
        at::Tensor targets;  // [samples]
    };
    ToyData(Part train, Part validation, Part test, std::int64_t classes)
        : m_parts{std::move(train), std::move(validation), std::move(test)} {
        m_info.name = "toys";
        m_info.kind = "tensors";
        m_info.sampleShape = m_parts[1].inputs.sizes().slice(1).vec();
        for (std::int64_t i = 0; i < classes; ++i) m_info.classes.push_back(std::to_string(i));
        m_info.train = m_parts[0].targets.numel();
        m_info.validation = m_parts[1].targets.numel();
        m_info.test = m_parts[2].targets.numel();
    }

    /// The same samples without their labels.
    ToyData withoutLabels() const {
        ToyData copy = *this;
        copy.m_info.targets = data::Targets::None;
        copy.m_info.classes.clear();
        return copy;
    }

    /// The same samples, whose targets are numbers to predict.
    ToyData ofNumbers() const {
        ToyData copy = *this;
        copy.m_info.targets = data::Targets::Numbers;
        copy.m_info.classes.clear();
        for (std::size_t i = 0; i < copy.m_parts.size(); ++i) {
            const std::int64_t samples = copy.m_parts[i].inputs.size(0);
            (i == 0   ? copy.m_info.train
             : i == 1 ? copy.m_info.validation
                      : copy.m_info.test) = samples;
        }
        return copy;
    }

    const data::DatasetInfo& info() const override { return m_info; }
    const data::DataSpec& spec() const override { return m_spec; }
    data::Batch batch(data::Split split, std::span<const std::int64_t> indices) const override {
        const Part& part = m_parts[static_cast<std::size_t>(split)];
        const at::Tensor places =
            at::tensor(at::ArrayRef<std::int64_t>(indices.data(), indices.size()));
        const bool isLabelled = m_info.targets != data::Targets::None;
        return {{part.inputs.index_select(0, places)},
                isLabelled ? part.targets.index_select(0, places) : at::Tensor()};
    }
    /// Cuts the training part down to the share that is not held out.
    data::DatasetPtr withValidation(double share) const override {
        auto copy = std::make_shared<ToyData>(*this);
        Part& train = copy->m_parts[0];
        copy->m_spec.validation = share;
        copy->m_info.train = std::llround((1 - share) * static_cast<double>(m_info.train));
        train = {train.inputs.slice(0, 0, copy->m_info.train),
                 train.targets.slice(0, 0, copy->m_info.train)};
        return copy;
    }

private:
    std::vector<Part> m_parts;
    data::DatasetInfo m_info;
    data::DataSpec m_spec;
};

/// Points around a centre for each class: [samples, 1, 1, features], learnable and not trivial.
inline ToyData::Part blobs(std::int64_t samples, std::int64_t features, std::int64_t classes,
                           std::uint64_t seed) {
    at::manual_seed(1234);
    const at::Tensor centres = at::randn({classes, features});
    at::manual_seed(seed);
    const at::Tensor targets = at::arange(samples).remainder(classes);
    const at::Tensor inputs =
        centres.index_select(0, targets) + 0.7 * at::randn({samples, features});
    return {inputs.reshape({samples, 1, 1, features}), targets};
}

inline ToyData blobData(std::int64_t features = 6, std::int64_t classes = 3) {
    return {blobs(90, features, classes, 1), blobs(60, features, classes, 2),
            blobs(60, features, classes, 3), classes};
}

}  // namespace espalier::test
