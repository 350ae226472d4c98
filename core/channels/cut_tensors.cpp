// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/cut_tensors_torch.h"

#include <algorithm>
#include <set>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/GradMode.h>

#include "core/channels/attribute_paths_torch.h"
#include "core/channels/execution_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/script/interpreter_torch.h"

namespace espalier::channels {

namespace {

template <class Map>
auto* lookUp(const Map& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

/// The mask of a tensor under any of its names.
std::map<std::string, at::Tensor> byCanonicalPath(const torch::jit::Module& module,
                                                  const AttributePaths& paths,
                                                  const WeightMasks& masks) {
    std::map<std::string, at::Tensor> result;
    for (const auto& [name, mask] : masks) {
        if (mask.defined()) result.emplace(paths.of(model::parameterAt(module, name)), mask);
    }
    return result;
}

std::vector<std::int64_t> removedPositions(const AxisCut& cut) {
    std::vector<std::int64_t> removed;
    for (std::int64_t i = 0; i < cut.before; ++i) {
        if (!std::ranges::binary_search(cut.kept, i)) removed.push_back(i);
    }
    return removed;
}

/// Sets `tensor` to zero where `kept` (bool, its shape) is false. True when that changed it.
bool zeroOutside(const at::Tensor& tensor, const at::Tensor& kept) {
    auto values = tensor.detach();
    const auto gone = kept.logical_not();
    const bool isChanged = values.masked_select(gone).count_nonzero().item<std::int64_t>() > 0;
    values.masked_fill_(gone, 0);
    return isChanged;
}

bool zeroBox(const at::Tensor& tensor, const Box& box, const std::string& path,
             const SparedAxes& spared) {
    auto values = tensor.detach();
    bool isChanged = false;
    for (const AxisCut& cut : box) {
        if (spared.contains({path, cut.axis})) continue;
        const auto removed = at::tensor(removedPositions(cut), at::kLong);
        isChanged |=
            values.index_select(cut.axis, removed).count_nonzero().item<std::int64_t>() > 0;
        values.index_fill_(cut.axis, removed, 0);
    }
    return isChanged;
}

/// `mask` that leaves alone what is spared of the tensor at `path`.
at::Tensor withSpared(const at::Tensor& mask, const Box* box, const std::string& path,
                      const SparedAxes& spared) {
    if (box == nullptr) return mask;
    auto result = mask;
    for (const AxisCut& cut : *box) {
        if (!spared.contains({path, cut.axis})) continue;
        result = result.index_fill(cut.axis, at::tensor(removedPositions(cut), at::kLong), true);
    }
    return result;
}

/// Buffers stay as they are: nobody trains them, and a running variance must not become zero.
std::set<std::string> buffersOf(const torch::jit::Module& module, const AttributePaths& paths) {
    std::set<std::string> buffers;
    for (const auto& buffer : module.named_buffers()) buffers.insert(paths.of(buffer.value));
    return buffers;
}

}  // namespace

script::ReplaceTensor slicer(const torch::jit::Module& module, const Boxes& boxes,
                             const WeightMasks& masks) {
    auto paths = std::make_shared<AttributePaths>(module);
    auto byPath = byCanonicalPath(module, *paths, masks);
    return
        [paths, byPath = std::move(byPath), &boxes](const std::string&, const at::Tensor& tensor) {
            const c10::NoGradGuard noGrad;
            const auto path = paths->of(tensor);
            const Box* box = lookUp(boxes.parameters, path);
            const at::Tensor* mask = lookUp(byPath, path);
            const at::Tensor* renumbered = lookUp(boxes.renumbered, path);
            if (renumbered != nullptr) return *renumbered;
            if (box == nullptr && mask == nullptr) return tensor;
            auto result = tensor.detach();
            if (mask != nullptr) result = result.masked_fill(mask->logical_not(), 0);
            if (box != nullptr) result = cutTensor(result, *box);
            result = result.contiguous(tensor.suggest_memory_format());
            return result.set_requires_grad(tensor.requires_grad());
        };
}

script::ReplaceTensor noiseForConstants(const torch::jit::Module& module) {
    std::set<const c10::TensorImpl*> parameters;
    for (const auto& parameter : module.parameters()) {
        parameters.insert(parameter.unsafeGetTensorImpl());
    }
    return [parameters](const std::string&, const at::Tensor& tensor) {
        const c10::NoGradGuard noGrad;
        const bool isConstant = parameters.contains(tensor.unsafeGetTensorImpl()) &&
                                tensor.is_floating_point() && tensor.numel() > 1 &&
                                tensor.min().equal(tensor.max());
        if (!isConstant) return tensor;
        const auto generator = at::make_generator<at::CPUGeneratorImpl>(1);
        const auto noise = at::randn(tensor.sizes(), generator, tensor.options());
        return (tensor.detach() + 0.1 * noise).set_requires_grad(tensor.requires_grad());
    };
}

Masked maskedCopy(const torch::jit::Module& module, const Boxes& boxes, const WeightMasks& masks,
                  const SparedAxes& spared) {
    const c10::NoGradGuard noGrad;
    Masked result{model::cloneModule(module), true};
    const AttributePaths paths(result.module);
    const auto byPath = byCanonicalPath(result.module, paths, masks);
    const auto untouched = buffersOf(result.module, paths);
    std::set<std::string> done;
    for (const auto& attribute : result.module.named_attributes()) {
        for (const auto& tensor : script::tensorsIn(attribute.value)) {
            if (!tensor.defined() || !tensor.is_floating_point()) continue;
            const auto path = paths.of(tensor);
            if (!done.insert(path).second || untouched.contains(path)) continue;
            const Box* box = lookUp(boxes.parameters, path);
            if (const auto* mask = lookUp(byPath, path)) {
                result.alreadyZero &= !zeroOutside(tensor, withSpared(*mask, box, path, spared));
            }
            if (box != nullptr) {
                result.alreadyZero &= !zeroBox(tensor, *box, path, spared);
            }
        }
    }
    return result;
}

KeptPositions keptPositions(const torch::jit::Module& module, const Boxes& boxes) {
    const AttributePaths paths(module);
    KeptPositions kept;
    const auto add = [&](const std::string& name, const at::Tensor& tensor) {
        const Box* box = tensor.defined() ? lookUp(boxes.parameters, paths.of(tensor)) : nullptr;
        if (box == nullptr) return;
        for (const AxisCut& cut : *box) kept[name][cut.axis] = cut.kept;
    };
    for (const auto& parameter : module.named_parameters()) add(parameter.name, parameter.value);
    for (const auto& buffer : module.named_buffers()) add(buffer.name, buffer.value);
    return kept;
}

}  // namespace espalier::channels
