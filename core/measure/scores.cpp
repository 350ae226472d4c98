// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/scores_torch.h"

#include <stdexcept>

#include "core/script/interpreter_torch.h"

namespace espalier::measure {
namespace {

at::ScalarType inputType(const torch::jit::Module& module, const model::Snapshot& snapshot) {
    const auto inputs = snapshot.inputs();
    if (!inputs.empty()) {
        switch (inputs[0].dtype) {
            case script::DType::Float64:
                return at::kDouble;
            case script::DType::Float32:
                return at::kFloat;
            case script::DType::Float16:
                return at::kHalf;
            case script::DType::BFloat16:
                return at::kBFloat16;
            default:
                break;
        }
    }
    for (const at::Tensor& parameter : module.parameters()) {
        if (parameter.is_floating_point()) return parameter.scalar_type();
    }
    return at::kFloat;
}

}  // namespace

Placement place(torch::jit::Module& module, const model::Snapshot& snapshot, c10::Device device) {
    module.to(device);
    return {device, inputType(module, snapshot)};
}

data::Batch moved(const data::Batch& batch, const Placement& placement) {
    data::Batch result;
    if (batch.targets.defined()) result.targets = batch.targets.to(placement.device);
    for (const at::Tensor& input : batch.inputs) {
        result.inputs.push_back(input.is_floating_point()
                                    ? input.to(placement.device, placement.dtype)
                                    : input.to(placement.device));
    }
    return result;
}

at::Tensor scores(torch::jit::Module& module, const data::Batch& batch) {
    const std::vector<at::Tensor> found =
        script::tensorsIn(module.forward({batch.inputs.begin(), batch.inputs.end()}));
    if (found.empty()) throw std::runtime_error("the model returns no tensor");
    return found.front();
}

}  // namespace espalier::measure
