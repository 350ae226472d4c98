// SPDX-License-Identifier: GPL-3.0-or-later
// Snapshots made of tensors that a test writes down, without a file.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <torch/csrc/jit/api/module.h>

#include "core/model/snapshot_torch.h"

namespace espalier::test {

/// One weight of a toy model. `name` is a path of two parts: "fc1.weight".
struct ToyLayer {
    std::string name;
    at::Tensor weight;
    at::Tensor baseMask = {};  ///< bool, true = kept
    std::string op = "linear";
    std::int64_t macs = 0;
    bool isPrunable = true;
};

/// A snapshot of a module that holds these weights and nothing else. Its forward returns its
/// argument. `hash` takes the place of the weights' true hash when it is not empty.
inline model::SnapshotPtr toySnapshot(const std::vector<ToyLayer>& layers,
                                      const std::string& hash = {}) {
    auto state = std::make_shared<model::SnapshotState>();
    torch::jit::Module module("toy");
    std::vector<at::Tensor> baseMasks;
    for (const ToyLayer& toy : layers) {
        const auto dot = toy.name.find('.');
        torch::jit::Module child("child_" + toy.name.substr(0, dot));
        child.register_parameter(toy.name.substr(dot + 1), toy.weight, /*is_buffer=*/false);
        module.register_module(toy.name.substr(0, dot), child);

        const auto id = static_cast<int>(state->layers.size());
        model::Layer& layer = state->layers.emplace_back();
        layer.id.value = id;
        layer.name = toy.name;
        layer.op = toy.op;
        layer.shape = toy.weight.sizes().vec();
        layer.weightCount = layer.parameters = toy.weight.numel();
        layer.macs = toy.macs;
        layer.prunable = {toy.isPrunable, false, toy.isPrunable ? "" : "a toy reason"};
        baseMasks.push_back(toy.baseMask);
        state->parameters += layer.parameters;
    }
    module.define("def forward(self, x):\n    return x\n");
    module.eval();
    state->module = module;
    state->file = {"toy.pt", "0123abcd", 0};
    state->inputs = {{{1, 8}, script::DType::Float32, {}, false}};
    const auto whole =
        model::withWeights(model::Snapshot(std::move(state)), module, std::move(baseMasks));
    if (hash.empty()) return whole;
    auto renamed = std::make_shared<model::SnapshotState>(whole->state());
    renamed->weightsHash = hash;
    return std::make_shared<const model::Snapshot>(std::move(renamed));
}

inline at::Tensor floats(std::vector<float> values, std::vector<std::int64_t> shape) {
    return at::tensor(values).reshape(shape);
}

inline at::Tensor bools(const std::vector<int>& values, std::vector<std::int64_t> shape) {
    return at::tensor(values).to(at::kBool).reshape(shape);
}

}  // namespace espalier::test
