// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <map>

#include "core/base/format.h"
#include "core/measure/use_geometry_torch.h"
#include "core/measure/weight_uses_torch.h"

namespace espalier::measure {

namespace {

at::Tensor tensorOf(const c10::IValue& value) {
    return value.isTensor() ? value.toTensor() : at::Tensor();
}

bool isSameMatrix(const at::Tensor& a, const at::Tensor& b) {
    return a.sizes().equals(b.sizes()) && a.strides().equals(b.strides());
}

/// Of a product of two operands the kind of use that the right one, `weight`, has.
std::optional<UseKind> productKind(const at::Tensor& parameter, const at::Tensor& weight) {
    if (parameter.dim() != 2) return std::nullopt;
    if (isSameMatrix(weight, parameter)) return UseKind::Product;
    if (isSameMatrix(weight, parameter.t())) return UseKind::Linear;
    return std::nullopt;
}

/// The use of a whole weight by an operator that is no product; none when no kind fits.
std::optional<SeenUse> useOf(const script::NodeEvent& event, const std::string& kind,
                             const at::Tensor& input, const at::Tensor& weight) {
    SeenUse use;
    use.input = input;
    use.output = tensorOf(event.outputs[0]);
    if (kind.starts_with("conv")) {
        const auto call = convolutionCall(event);
        if (!call) return std::nullopt;
        use.kind = call->isTransposed ? UseKind::TransposedConvolution : UseKind::Convolution;
        use.geometry = call->geometry;
        const bool hasBatch = use.input.dim() == weight.dim();
        if (!hasBatch) use.input = use.input.unsqueeze(0);
        return use;
    }
    if (kind == "linear") {
        use.kind = UseKind::Linear;
        return weight.dim() == 2 ? std::optional(use) : std::nullopt;
    }
    if (kind == "embedding") {
        use.kind = UseKind::Embedding;
        use.paddingIndex = event.inputs[2].isInt() ? event.inputs[2].toInt() : -1;
        return use;
    }
    return std::nullopt;
}

bool isRecurrent(const std::string& kind) {
    return kind == "lstm" || kind == "gru" || kind == "rnn";
}

/// The input of each weight of a recurrent operator; undefined where a run does not show it: that
/// of deeper layers and of hidden states.
std::vector<at::Tensor> recurrentInputs(const script::NodeEvent& event,
                                        const model::OperatorUse& use) {
    std::vector<at::Tensor> inputs(use.weights.size());
    const std::string_view op = event.node->kind().toQualString();
    if (op.ends_with("_cell")) {
        // hx is a tensor, or for an LSTM the list of h and c.
        const at::Tensor hidden = event.inputs[1].isTensor()
                                      ? event.inputs[1].toTensor()
                                      : script::tensorsIn(event.inputs[1]).front();
        return {use.input, hidden};
    }
    const std::size_t list = event.inputs[3].isBool() ? 2 : 3;  // batch sizes come before
    const auto layers = event.inputs[list + 2].toInt();
    const std::int64_t directions = event.inputs[list + 5].toBool() ? 2 : 1;
    const std::int64_t perDirection = std::ssize(inputs) / (layers * directions);
    for (std::int64_t direction = 0; direction < directions; ++direction)
        inputs.at(static_cast<std::size_t>(direction * perDirection)) = use.input;
    return inputs;
}

}  // namespace

std::int64_t inputAxis(UseKind kind) {
    const bool isFirst = kind == UseKind::TransposedConvolution || kind == UseKind::Product ||
                         kind == UseKind::Embedding;
    return isFirst ? 0 : 1;
}

std::int64_t outputAxis(UseKind kind) {
    return 1 - inputAxis(kind);
}

UseObserver::UseObserver(const ScoredModel& model, std::function<void(const SeenUse&)> take)
    : m_model(model), m_take(std::move(take)), m_tracker(model.program.module, model.parameters) {}

void UseObserver::onNode(const script::NodeEvent& event) {
    const auto use = model::readOperator(event);
    if (!use || use->weights.empty()) {
        m_tracker.follow(event);
    } else if (isRecurrent(use->kind)) {
        readRecurrent(event, *use);
    } else if (use->role != model::WeightRole::Affine) {
        readWeights(event, *use);
    }
}

void UseObserver::noteOther(const at::Tensor& tensor, const std::string& use) {
    const auto origin = tensor.defined() ? m_tracker.originOf(tensor) : std::nullopt;
    if (!origin) return;
    for (const int parameter : origin->parameters) m_others.emplace(parameter, use);
}

void UseObserver::readWeights(const script::NodeEvent& event, const model::OperatorUse& use) {
    const bool isProduct = use.role == model::WeightRole::Product;
    for (const model::WeightUse& each : use.weights) {
        const auto origin = each.weight.defined() ? m_tracker.originOf(each.weight) : std::nullopt;
        if (!origin || origin->parameters.empty()) continue;
        const int parameter = origin->parameters.front();
        const at::Tensor& whole = m_model.parameters[static_cast<std::size_t>(parameter)].tensor;
        std::optional<SeenUse> seen;
        const bool isWhole = origin->isExact && origin->parameters.size() == 1;
        const bool isRight = &each == &use.weights.front();
        if (isWhole && isProduct && isRight && use.weights.size() == 2) {
            const auto kind = use.kind == "matmul" ? productKind(whole, each.weight) : std::nullopt;
            if (kind) {
                seen.emplace();
                seen->kind = *kind;
                seen->input = use.weights.back().weight;
                seen->output = tensorOf(event.outputs[0]);
            }
        } else if (isWhole && !isProduct && isSameMatrix(each.weight, whole)) {
            seen = useOf(event, use.kind, use.input, each.weight);
        }
        if (!seen) {
            noteOther(each.weight, cat("it is used in part, or by ", use.kind,
                                       ", in a way whose inputs cannot be told apart"));
            continue;
        }
        seen->parameter = parameter;
        m_take(*seen);
    }
}

void UseObserver::readRecurrent(const script::NodeEvent& event, const model::OperatorUse& use) {
    const auto inputs = recurrentInputs(event, use);
    for (std::size_t i = 0; i < use.weights.size(); ++i) {
        const at::Tensor& weight = use.weights[i].weight;
        const auto origin = m_tracker.originOf(weight);
        const bool isWhole = origin && origin->isExact && origin->parameters.size() == 1;
        if (!isWhole || !inputs[i].defined() || inputs[i].size(-1) != weight.size(1)) {
            noteOther(weight, cat("a run does not show what ", use.kind, " multiplies by it"));
            continue;
        }
        SeenUse seen;
        seen.parameter = origin->parameters.front();
        seen.kind = UseKind::InputOnly;
        seen.input = inputs[i];
        m_take(seen);
    }
}

}  // namespace espalier::measure
