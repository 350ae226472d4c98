// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/parameters_torch.h"

#include <algorithm>

namespace espalier::train {
namespace {

bool areSameMemory(const at::Tensor& a, const at::Tensor& b) {
    return a.defined() && b.defined() && a.has_storage() && b.has_storage() && a.numel() > 0 &&
           a.data_ptr() == b.data_ptr() && a.sizes() == b.sizes() && a.strides() == b.strides() &&
           a.scalar_type() == b.scalar_type();
}

/// The parameter that `tensor` is, or `tensor` itself.
at::Tensor firstOfSameMemory(const std::vector<at::Tensor>& parameters, const at::Tensor& tensor) {
    const auto found = std::ranges::find_if(
        parameters, [&tensor](const at::Tensor& each) { return areSameMemory(each, tensor); });
    return found == parameters.end() ? tensor : *found;
}

}  // namespace

void tieSharedParameters(torch::jit::Module& module) {
    std::vector<at::Tensor> parameters;
    for (const at::Tensor& parameter : module.parameters()) parameters.push_back(parameter);
    for (torch::jit::Module part : module.modules()) {
        for (const auto& attribute : part.named_attributes(/*recurse=*/false)) {
            if (attribute.value.isTensor()) {
                const at::Tensor& tensor = attribute.value.toTensor();
                const at::Tensor first = firstOfSameMemory(parameters, tensor);
                if (!first.is_same(tensor)) part.setattr(attribute.name, first);
            } else if (attribute.value.isTensorList()) {
                c10::List<at::Tensor> list = attribute.value.toTensorList();
                for (std::size_t i = 0; i < list.size(); ++i) {
                    list.set(i, firstOfSameMemory(parameters, list.get(i)));
                }
            }
        }
    }
}

std::vector<at::Tensor> trainableParameters(const torch::jit::Module& module) {
    std::vector<at::Tensor> parameters;
    bool isChosen = false;
    for (const at::Tensor& parameter : module.parameters()) isChosen |= parameter.requires_grad();
    for (at::Tensor parameter : module.parameters()) {
        const auto isKnown = [&](const at::Tensor& each) { return each.is_same(parameter); };
        if (!parameter.is_floating_point() || std::ranges::any_of(parameters, isKnown)) continue;
        if (isChosen && !parameter.requires_grad()) continue;
        // Fused optimizers walk the memory of parameter, gradient and state side by side.
        if (!parameter.is_non_overlapping_and_dense()) parameter.set_data(parameter.contiguous());
        parameter.requires_grad_(true);
        parameters.push_back(parameter);
    }
    return parameters;
}

}  // namespace espalier::train
