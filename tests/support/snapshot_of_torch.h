// SPDX-License-Identifier: GPL-3.0-or-later
// Modules written down in a test, and snapshots of them without a file.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <ATen/Functions.h>
#include <torch/csrc/jit/api/module.h>

#include "core/model/snapshot_torch.h"
#include "tests/support/noise_torch.h"

namespace espalier::test {

inline void addParameter(torch::jit::Module& module, const std::string& name, at::Tensor value) {
    module.register_parameter(name, std::move(value), /*is_buffer=*/false);
}

/// A submodule of parameters alone: {"weight", shape}, {"bias", shape}, …
inline torch::jit::Module parametersOnly(
    const std::string& name,
    const std::vector<std::pair<std::string, std::vector<std::int64_t>>>& shapes) {
    torch::jit::Module module(name);
    std::uint64_t seed = 7 * name.size() + static_cast<unsigned char>(name.back());
    for (const auto& [parameter, shape] : shapes) {
        addParameter(module, parameter, noise(shape, seed++));
    }
    return module;
}

inline model::SnapshotPtr snapshotOf(torch::jit::Module module,
                                     const std::vector<std::string>& inputs) {
    auto state = std::make_shared<model::SnapshotState>();
    module.eval();
    for (const auto& input : inputs) state->inputs.push_back(*script::parseInputSpec(input));
    state->module = std::move(module);
    state->file = {"toy.pt", "0123abcd", 0};
    return std::make_shared<const model::Snapshot>(std::move(state));
}

}  // namespace espalier::test
