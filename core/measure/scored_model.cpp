// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/measure/model_output_torch.h"
#include "core/measure/scored_model_torch.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/masks_torch.h"

namespace espalier::measure {

std::optional<std::vector<c10::IValue>> LeafObserver::before(const torch::jit::Node& node,
                                                             std::vector<c10::IValue>& inputs) {
    if (node.kind() != c10::prim::GetAttr || !inputs[0].isObject()) return std::nullopt;
    const c10::IValue held = inputs[0].toObjectRef().getAttr(node.s(c10::attr::name));
    for (const at::Tensor& tensor : script::tensorsIn(held)) {
        if (tensor.defined() && tensor.requires_grad()) return std::vector{held};
    }
    return std::nullopt;
}

Result<ScoredModel> makeScoredModel(const model::SnapshotPtr& snapshot, const Objective& objective,
                                    c10::Device device, RunControl& control) {
    const auto masks = prune::resolve(*snapshot, prune::emptyPlan(*snapshot), nullptr, control);
    if (!masks) return masks.error();
    torch::jit::Module module = prune::maskedModule(*snapshot, **masks);
    module.eval();
    ScoredModel model{
        snapshot,      {}, place(module, *snapshot, device), {}, {}, objective.figures.output,
        objective.loss};
    auto program = script::makeProgram(module);
    if (!program) return program.error();
    model.program = std::move(*program);
    model.parameters = model::uniqueParameters(module);
    for (const model::Parameter& parameter : model.parameters) {
        at::Tensor leaf = model::parameterAt(module, parameter.name);
        const bool isReal = leaf.is_floating_point();
        if (isReal) leaf.requires_grad_(true);
        model.leaves.push_back(isReal ? leaf : at::Tensor());
    }
    return model;
}

Result<c10::IValue> runAll(const ScoredModel& model, const data::Batch& batch,
                           LeafObserver& observer, RunControl& control) {
    // With gradients: without them, attention may take a fused way that shows none of its inputs.
    const at::AutoGradMode withGradients(true);
    const data::Batch own = moved(batch, model.placement);
    return script::runObserved(model.program, {own.inputs.begin(), own.inputs.end()}, observer,
                               control);
}

Result<at::Tensor> run(const ScoredModel& model, const data::Batch& batch, LeafObserver& observer,
                       RunControl& control) {
    const auto output = runAll(model, batch, observer, control);
    if (!output) return output.error();
    return selectOutput(*output, model.output);
}

at::Tensor loss(const ScoredModel& model, const at::Tensor& scores, const at::Tensor& targets,
                at::Reduction::Reduction reduction) {
    const at::AutoGradMode withGradients(true);
    const at::Tensor mean = model.loss->mean(scores, targets.to(scores.device()));
    return reduction == at::Reduction::Sum ? mean * targets.size(0) : mean;
}

Result<std::vector<at::Tensor>> gradients(const ScoredModel& model, const data::Batch& batch,
                                          RunControl& control) {
    LeafObserver observer;
    const auto scores = run(model, batch, observer, control);
    if (!scores) return scores.error();
    std::vector<at::Tensor> real;
    for (const at::Tensor& leaf : model.leaves) {
        if (leaf.defined()) real.push_back(leaf);
    }
    const auto found =
        torch::autograd::grad({loss(model, *scores, batch.targets, at::Reduction::Mean)}, real, {},
                              false, false, /*allow_unused=*/true);
    std::vector<at::Tensor> result;
    auto next = found.begin();
    for (const at::Tensor& leaf : model.leaves) {
        const at::Tensor gradient = leaf.defined() ? *next++ : at::Tensor();
        result.push_back(gradient.defined() ? gradient.detach() : gradient);
    }
    return result;
}

at::Tensor sumAlong(const at::Tensor& tensor, std::int64_t axis) {
    std::vector<std::int64_t> others;
    const std::int64_t own = axis < 0 ? axis + tensor.dim() : axis;
    for (std::int64_t each = 0; each < tensor.dim(); ++each) {
        if (each != own) others.push_back(each);
    }
    const auto type = tensor.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
    const at::Tensor values = tensor.detach().to(type);
    return (others.empty() ? values : values.sum(others)).to(at::kCPU, at::kDouble);
}

}  // namespace espalier::measure
