// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/scores_torch.h"

#include <algorithm>
#include <stdexcept>

#include "core/base/format.h"
#include "core/measure/model_output_torch.h"
#include "core/model/snapshot_torch.h"

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

data::Batch firstSamples(const data::Dataset& dataset, std::int64_t count) {
    for (const auto split : {data::Split::Validation, data::Split::Train, data::Split::Test}) {
        const std::int64_t last = data::sampleCount(dataset, split) - 1;
        if (last < 0) continue;
        std::vector<std::int64_t> indices;
        for (std::int64_t i = 0; i < count; ++i) indices.push_back(std::min(i, last));
        return dataset.batch(split, indices);
    }
    return {};
}

at::Tensor scores(torch::jit::Module& module, const data::Batch& batch, const std::string& output) {
    const auto found =
        selectOutput(module.forward({batch.inputs.begin(), batch.inputs.end()}), output);
    if (!found) throw std::runtime_error(found.error().why);
    return *found;
}

Error strayLabelError(const data::Dataset& dataset, data::Split split, std::int64_t before,
                      const StrayLabel& stray) {
    return {Error::Kind::Mismatch,
            cat("Cannot judge the model by the labels of ", dataset.info().name),
            cat(dataset.sampleName(split, before + stray.sample), " has the label ", stray.label,
                ", and the model tells ", stray.classes, " classes apart"),
            cat("Number the classes from 0 to ", stray.classes - 1,
                ", and give -100 to what is not to be judged")};
}

void setReference(Objective& objective, const model::Snapshot& dense, const Placement& placement) {
    if (!objective.needsReference()) return;
    auto module = std::make_shared<torch::jit::Module>(model::cloneModule(dense.state().module));
    module->to(placement.device);
    objective.reference = std::move(module);
}

}  // namespace espalier::measure
