// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/save_torch.h"

#include <map>
#include <string>

#include <ATen/ops/equal.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/nan_to_num.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/serialization/import.h>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/script/interpreter_torch.h"

namespace espalier::script {

namespace {

constexpr std::uint64_t kExampleSeed = 0;

Error differs(const std::filesystem::path& target, const std::string& what) {
    return {Error::Kind::Failed, "The saved " + target.filename().string() + " is not the model in memory",
            what + " differs after loading it again", "Nothing was written; try another folder or disk"};
}

/// Bit for bit, a NaN equal to a NaN.
bool sameValues(const at::Tensor& a, const at::Tensor& b) {
    if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) return false;
    if (!a.is_floating_point()) return at::equal(a, b);
    return at::equal(a, b) || (at::equal(at::isnan(a), at::isnan(b)) && at::equal(at::nan_to_num(a), at::nan_to_num(b)));
}

using NamedTensors = std::map<std::string, at::Tensor>;

template <class Slots>
NamedTensors byName(const Slots& slots) {
    NamedTensors tensors;
    for (const auto& slot : slots) tensors.emplace(slot.name, slot.value);
    return tensors;
}

Result<void> compareNamed(const std::filesystem::path& target, const NamedTensors& saved, const NamedTensors& memory) {
    if (saved.size() != memory.size()) return differs(target, "the number of parameters and buffers");
    for (const auto& [name, value] : memory) {
        const auto found = saved.find(name);
        if (found == saved.end() || !sameValues(found->second, value)) return differs(target, name);
    }
    return {};
}

Result<void> compareOutputs(const std::filesystem::path& target, torch::jit::Module saved, torch::jit::Module memory,
                            std::span<const InputSpec> inputs) {
    const c10::InferenceMode noGradients;
    const auto expected = tensorsIn(memory.forward(exampleInputs(inputs, kExampleSeed)));
    const auto actual = tensorsIn(saved.forward(exampleInputs(inputs, kExampleSeed)));
    if (expected.size() != actual.size()) return differs(target, "the number of outputs");
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (!sameValues(expected[i], actual[i])) return differs(target, cat("output ", i));
    }
    return {};
}

Result<void> compare(const std::filesystem::path& target, const std::filesystem::path& file,
                     const torch::jit::Module& module, std::span<const InputSpec> inputs) {
    const auto saved = torch::jit::load(file.string(), c10::Device(c10::kCPU));
    auto same = compareNamed(target, byName(saved.named_parameters()), byName(module.named_parameters()));
    if (!same) return same;
    same = compareNamed(target, byName(saved.named_buffers()), byName(module.named_buffers()));
    if (!same) return same;
    if (inputs.empty()) return {};
    return compareOutputs(target, saved, module, inputs);
}

}  // namespace

Result<void> saveChecked(const torch::jit::Module& module, std::span<const InputSpec> inputs,
                         const std::filesystem::path& target) {
    return writeAtomically(
        target,
        [&](const std::filesystem::path& file) {
            return guarded("Cannot write " + target.filename().string(), [&]() -> Result<void> {
                module.save(file.string());
                return {};
            });
        },
        [&](const std::filesystem::path& file) {
            return guarded("Cannot check " + target.filename().string(),
                           [&] { return compare(target, file, module, inputs); });
        });
}

}  // namespace espalier::script
