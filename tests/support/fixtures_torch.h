// SPDX-License-Identifier: GPL-3.0-or-later
// The TorchScript files that tests/python/fixtures writes, and comparing what comes out of them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <QString>

#include <ATen/Functions.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/script/interpreter_torch.h"

namespace espalier::test {

inline std::filesystem::path fixture(const QString& name) {
    return std::filesystem::path(qgetenv("ESPALIER_FIXTURES").toStdString()) / name.toStdString();
}

inline bool haveFixtures() {
    return std::filesystem::exists(fixture("mlp.script.pt"));
}

inline torch::jit::Module loadFixture(const QString& name) {
    auto module = torch::jit::load(fixture(name).string(), c10::Device(c10::kCPU));
    module.eval();
    return module;
}

/// "cnn_bn.trace.pt" → the inputs ("input") or outputs ("output") of PyTorch's own run.
inline std::vector<at::Tensor> stored(const QString& name, const std::string& what) {
    const auto io = loadFixture(name.section('.', 0, 0) + ".io.pt");
    std::vector<at::Tensor> tensors;
    while (io.hasattr(what + std::to_string(tensors.size()))) {
        tensors.push_back(io.attr(what + std::to_string(tensors.size())).toTensor().clone());
    }
    return tensors;
}

inline std::vector<c10::IValue> storedInputs(const QString& name) {
    const auto tensors = stored(name, "input");
    return {tensors.begin(), tensors.end()};
}

inline bool sameBits(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!a[i].sizes().equals(b[i].sizes()) || a[i].scalar_type() != b[i].scalar_type()) {
            return false;
        }
        if (!at::equal(a[i], b[i])) return false;
    }
    return true;
}

/// Copies of all tensors that a module holds.
inline std::vector<at::Tensor> tensorsOf(const torch::jit::Module& module) {
    std::vector<at::Tensor> all;
    for (const auto& attribute : module.named_attributes()) {
        for (const auto& tensor : script::tensorsIn(attribute.value)) {
            all.push_back(tensor.detach().clone());
        }
    }
    return all;
}

struct NoObserver final : script::Observer {
    void onNode(const script::NodeEvent&) override {}
};

}  // namespace espalier::test
