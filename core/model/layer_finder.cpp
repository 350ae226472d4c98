// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/layer_finder_torch.h"

#include <algorithm>

#include "core/base/format.h"

namespace espalier::model {

namespace {

at::Tensor firstTensor(std::span<const c10::IValue> values) {
    for (const auto& value : values) {
        if (auto tensors = script::tensorsIn(value); !tensors.empty()) return tensors.front();
    }
    return {};
}

std::vector<std::int64_t> shapeOf(const at::Tensor& tensor) {
    return tensor.defined() ? tensor.sizes().vec() : std::vector<std::int64_t>();
}

/// "aten::add_" → "add".
std::string plainName(c10::Symbol op) {
    std::string name = op.toUnqualString();
    while (name.size() > 1 && name.back() == '_') name.pop_back();
    return name;
}

}  // namespace

std::string tensorObstacle(const at::Tensor& tensor) {
    if (tensor.is_quantized()) return "its values are quantised";
    if (!at::isFloatingType(tensor.scalar_type())) {
        return cat("its values are of type ", c10::toString(tensor.scalar_type()));
    }
    if (tensor.layout() != at::kStrided) return "it is stored as a sparse tensor";
    if (tensor.numel() == 0) return "it is empty";
    if (tensor.dim() == 0) return "it is a single number";
    if (tensor.dim() == 1) return "it has one dimension: only weights with two or more are pruned";
    return {};
}

LayerFinder::LayerFinder(const torch::jit::Module& module, const std::vector<Parameter>& parameters)
    : m_parameters(parameters), m_tracker(module, parameters) {}

void LayerFinder::onNode(const script::NodeEvent& event) {
    const auto use = readOperator(event);
    if (!use || (use->weights.empty() && use->otherMacs == 0)) return readUnknown(event);
    const auto output = firstTensor(event.outputs);
    m_product.reset();
    m_productDraft.reset();
    if (use->role == WeightRole::Product) {
        readProduct(*use, {{}, shapeOf(output)});
        if (m_productDraft && output.defined()) m_product.emplace(output.getIntrusivePtr());
    } else {
        readKnown(*use, {shapeOf(use->input), shapeOf(output)});
    }
    readFurtherInputs(*use, event);
}

void LayerFinder::readKnown(const OperatorUse& use, const Shapes& shapes) {
    m_otherMacs += use.otherMacs;
    for (const auto& weight : use.weights) {
        const auto origin =
            weight.weight.defined() ? m_tracker.originOf(weight.weight) : std::nullopt;
        if (origin && !origin->parameters.empty()) {
            addWeight(*origin, weight, use.kind, use.role, shapes);
            continue;
        }
        m_otherMacs += weight.macs;
        const auto bias = weight.bias.defined() ? m_tracker.originOf(weight.bias) : std::nullopt;
        if (!bias) continue;
        for (const auto parameter : bias->parameters) {
            addUse(parameter, use.kind, shapes).obstacle = cat("it is the bias of ", use.kind);
        }
    }
}

/// Parameters that a known operator takes in other places: as its input, a mask, an initial state.
void LayerFinder::readFurtherInputs(const OperatorUse& use, const script::NodeEvent& event) {
    for (const auto& value : event.inputs) {
        for (const auto& tensor : script::tensorsIn(value)) {
            const bool isRead = std::ranges::any_of(use.weights, [&](const WeightUse& weight) {
                return tensor.is_same(weight.weight) || tensor.is_same(weight.bias);
            });
            const auto origin = isRead ? std::nullopt : m_tracker.originOf(tensor);
            if (!origin) continue;
            const Shapes shapes{shapeOf(tensor), shapeOf(firstTensor(event.outputs))};
            for (const auto parameter : origin->parameters) {
                addUse(parameter, use.kind, shapes).obstacle =
                    cat("it is an input of ", use.kind, ", not its weight");
            }
        }
    }
}

/// The weight is the first operand that is a parameter; the right one comes first.
void LayerFinder::readProduct(const OperatorUse& use, const Shapes& shapes) {
    m_otherMacs += use.otherMacs;
    const auto isWeight = [this](const WeightUse& operand) {
        const auto origin = m_tracker.originOf(operand.weight);
        return origin && !origin->parameters.empty();
    };
    const auto weight = std::ranges::find_if(use.weights, isWeight);
    if (weight == use.weights.end()) {
        m_otherMacs += use.weights.empty() ? 0 : use.weights.front().macs;
        return;
    }
    auto seen = shapes;
    for (const auto& operand : use.weights) {
        if (!operand.weight.is_same(weight->weight)) seen.input = shapeOf(operand.weight);
    }
    const auto origin = *m_tracker.originOf(weight->weight);
    const bool isRight = weight == use.weights.begin();
    const auto kind =
        isRight ? productKind(use, m_parameters[origin.parameters.front()], weight->weight)
                : use.kind;
    addWeight(origin, *weight, kind, use.role, seen);
    for (auto other = std::next(weight); other != use.weights.end(); ++other) {
        if (isWeight(*other)) {
            addWeight(*m_tracker.originOf(other->weight), {other->weight, {}, 0}, use.kind,
                      use.role, seen);
        }
    }
}

/// x·Wᵀ is a linear layer; x·W is a plain product.
std::string LayerFinder::productKind(const OperatorUse& use, const Parameter& parameter,
                                     const at::Tensor& operand) const {
    const auto& weight = parameter.tensor;
    if (use.kind != "matmul" || weight.dim() != 2 || operand.dim() != 2) return use.kind;
    const auto transposed = weight.t();
    const bool isTransposed =
        operand.sizes().equals(transposed.sizes()) &&
        (weight.size(0) != weight.size(1) || operand.strides().equals(transposed.strides()));
    return isTransposed ? "linear" : use.kind;
}

void LayerFinder::addWeight(const Origin& origin, const WeightUse& weight, const std::string& kind,
                            WeightRole role, const Shapes& shapes) {
    // Of a weight that is computed from several parameters, the largest stands for the layer.
    const auto size = [this](int parameter) { return m_parameters[parameter].tensor.numel(); };
    const auto main = *std::ranges::max_element(origin.parameters, {}, size);
    for (const auto parameter : origin.parameters) {
        auto& draft = addUse(parameter, kind, shapes);
        if (!origin.isExact) {
            draft.obstacle =
                cat("the weight of ", kind, " is computed from it by ", origin.computedBy);
        } else if (role == WeightRole::Affine) {
            draft.obstacle = cat("it only scales the output of ", kind);
        } else {
            draft.isPrunableUse = true;
        }
        if (parameter == main) draft.layer.macs += weight.macs;
    }
    m_productDraft = m_draftOf.at(main);
    attachBias(*m_productDraft, weight.bias, shapes);
}

LayerFinder::Draft& LayerFinder::addUse(int parameter, const std::string& op,
                                        const Shapes& shapes) {
    const auto [known, isNew] = m_draftOf.try_emplace(parameter, m_drafts.size());
    if (!isNew) {
        ++m_drafts[known->second].layer.uses;
        return m_drafts[known->second];
    }
    auto& draft = m_drafts.emplace_back();
    draft.parameter = parameter;
    draft.layer.op = op;
    draft.layer.inputShape = shapes.input;
    draft.layer.outputShape = shapes.output;
    return draft;
}

void LayerFinder::attachBias(std::size_t index, const at::Tensor& bias, const Shapes& shapes) {
    const auto origin = bias.defined() ? m_tracker.originOf(bias) : std::nullopt;
    if (!origin) return;
    for (const auto parameter : origin->parameters) {
        if (m_biasOf.contains(parameter)) continue;
        const bool isPlain = origin->isExact && m_parameters[parameter].tensor.dim() == 1;
        if (isPlain && m_drafts[index].bias < 0) {
            m_drafts[index].bias = parameter;
            m_biasOf.emplace(parameter, index);
        } else {
            const auto kind = m_drafts[index].layer.op;
            addUse(parameter, kind, shapes).obstacle = cat("it is a bias of ", kind);
        }
    }
}

/// Older exports write a linear layer as a product and an addition.
bool LayerFinder::readAddedBias(const script::NodeEvent& event) {
    const auto kind = event.node->kind();
    if (kind != c10::aten::add && kind != c10::aten::add_) return false;
    if (!m_product || m_product->expired()) return false;
    for (std::size_t i = 0; i < 2; ++i) {
        if (!event.inputs[i].isTensor() || !event.inputs[1 - i].isTensor()) continue;
        const auto& sum = event.inputs[i].toTensor();
        const auto& bias = event.inputs[1 - i].toTensor();
        if (sum.unsafeGetTensorImpl() != m_product->_unsafe_get_target() || sum.dim() == 0) {
            continue;
        }
        if (bias.dim() != 1 || bias.size(0) != sum.size(-1)) continue;
        if (m_drafts[*m_productDraft].bias >= 0) continue;
        attachBias(*m_productDraft, bias, {});
        return m_drafts[*m_productDraft].bias >= 0;
    }
    return false;
}

void LayerFinder::readUnknown(const script::NodeEvent& event) {
    if (m_tracker.follow(event) || !event.node->kind().is_aten() || readAddedBias(event)) return;
    const auto output = firstTensor(event.outputs);
    if (!output.defined()) return;
    at::Tensor input;
    std::vector<int> used;
    for (const auto& value : event.inputs) {
        for (const auto& tensor : script::tensorsIn(value)) {
            const auto origin = m_tracker.originOf(tensor);
            if (!origin && !input.defined()) input = tensor;
            if (origin) {
                used.insert(used.end(), origin->parameters.begin(), origin->parameters.end());
            }
        }
    }
    for (const auto parameter : used) {
        auto& draft =
            addUse(parameter, plainName(event.node->kind()), {shapeOf(input), shapeOf(output)});
        if (draft.obstacle.empty()) {
            draft.obstacle =
                cat("the operator ", event.node->kind().toQualString(), " is not known to prune");
        }
    }
}

void LayerFinder::finishDraft(Draft& draft) const {
    const auto& weight = m_parameters[draft.parameter];
    auto& layer = draft.layer;
    layer.name = weight.name;
    layer.shape = weight.tensor.sizes().vec();
    layer.weightCount = layer.parameters = weight.tensor.numel();
    if (draft.bias >= 0) {
        layer.bias = m_parameters[draft.bias].name;
        layer.parameters += m_parameters[draft.bias].tensor.numel();
    }
    layer.prunable.reason = tensorObstacle(weight.tensor);
    if (layer.prunable.reason.empty() && !draft.isPrunableUse) {
        layer.prunable.reason = draft.obstacle;
    }
    layer.prunable.weights = layer.prunable.reason.empty();
}

FoundLayers LayerFinder::finish() {
    FoundLayers found{{}, m_otherMacs};
    for (auto& draft : m_drafts) {
        const bool isBiasOnly = m_biasOf.contains(draft.parameter) && !draft.isPrunableUse;
        if (isBiasOnly) continue;
        finishDraft(draft);
        found.layers.push_back(std::move(draft.layer));
    }
    for (int i = 0; i < static_cast<int>(m_parameters.size()); ++i) {
        if (m_draftOf.contains(i) || m_biasOf.contains(i)) continue;
        Draft unused;
        unused.parameter = i;
        unused.layer.op = "unused";
        unused.layer.uses = 0;
        unused.obstacle = "it is not used by forward on this example";
        finishDraft(unused);
        unused.layer.prunable = {false, false, unused.obstacle};
        found.layers.push_back(std::move(unused.layer));
    }
    for (std::size_t i = 0; i < found.layers.size(); ++i) {
        found.layers[i].id = LayerId{static_cast<int>(i)};
    }
    return found;
}

}  // namespace espalier::model
