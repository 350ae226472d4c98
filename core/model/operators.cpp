// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/operators_torch.h"

#include <array>
#include <sstream>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/base/format.h"
#include "core/model/macs_torch.h"

namespace espalier::model {

namespace {

using c10::IValue;
using Arguments = std::span<const IValue>;
using script::NodeEvent;

at::Tensor tensorAt(Arguments arguments, int index) {
    const auto i = static_cast<std::size_t>(index);
    if (index < 0 || i >= arguments.size() || !arguments[i].isTensor()) return {};
    return arguments[i].toTensor();
}

at::Tensor firstOutput(const NodeEvent& event) {
    return tensorAt(event.outputs, 0);
}

struct Rule;
using Reader = void (*)(const Rule&, const NodeEvent&, OperatorUse&);

/// One operator. `weight` and `bias` are argument numbers, -1 for none; for products, `weight` is
/// the left operand and the right one follows it.
struct Rule {
    std::string_view op;
    std::string_view kind;
    WeightRole role;
    Reader read;
    int input;
    int weight;
    int bias;
};

void readConvolution(const Rule& rule, const NodeEvent& event, OperatorUse& use) {
    constexpr int kTransposed = 6;  // of the operators that serve all convolutions
    const auto weight = tensorAt(event.inputs, rule.weight);
    bool isTransposed = rule.kind.find("transpose") != std::string_view::npos;
    if (rule.kind == "conv") {
        const bool hasFlag =
            event.inputs.size() > kTransposed && event.inputs[kTransposed].isBool();
        isTransposed = hasFlag && event.inputs[kTransposed].toBool();
        use.kind = cat(isTransposed ? "conv_transpose" : "conv", weight.dim() - 2, "d");
    }
    const auto macs = isTransposed ? transposedConvolutionMacs(weight, use.input)
                                   : convolutionMacs(weight, firstOutput(event));
    use.weights.push_back({weight, tensorAt(event.inputs, rule.bias), macs});
}

void readLinear(const Rule& rule, const NodeEvent& event, OperatorUse& use) {
    const auto weight = tensorAt(event.inputs, rule.weight);
    use.weights.push_back(
        {weight, tensorAt(event.inputs, rule.bias), linearMacs(weight, use.input)});
}

void readBilinear(const Rule& rule, const NodeEvent& event, OperatorUse& use) {
    const auto weight = tensorAt(event.inputs, rule.weight);  // [out, in1, in2]
    use.weights.push_back(
        {weight, tensorAt(event.inputs, rule.bias), convolutionMacs(weight, firstOutput(event))});
}

/// Looking up and scaling: nothing is summed.
void readWithoutMacs(const Rule& rule, const NodeEvent& event, OperatorUse& use) {
    use.weights.push_back(
        {tensorAt(event.inputs, rule.weight), tensorAt(event.inputs, rule.bias), 0});
}

void readProduct(const Rule& rule, const NodeEvent& event, OperatorUse& use) {
    const auto left = tensorAt(event.inputs, rule.weight);
    const auto right = tensorAt(event.inputs, rule.weight + 1);
    if (!left.defined() || !right.defined()) return;
    const auto bias = tensorAt(event.inputs, rule.bias);
    const bool sumsOverBatch = rule.op == "aten::addbmm";
    const auto macs =
        sumsOverBatch ? left.numel() * right.size(-1) : productMacs(left, firstOutput(event));
    use.weights = {{right, bias, macs}, {left, bias, macs}};
}

void readTensorDot(const Rule& rule, const NodeEvent& event, OperatorUse& use) {
    const auto left = tensorAt(event.inputs, rule.weight);
    const auto right = tensorAt(event.inputs, rule.weight + 1);
    std::int64_t summed = 1;
    for (const auto dimension : event.inputs[2].toIntVector()) summed *= left.size(dimension);
    const auto macs = summed * firstOutput(event).numel();
    use.weights = {{right, {}, macs}, {left, {}, macs}};
}

void readEinsum(const Rule&, const NodeEvent& event, OperatorUse& use) {
    if (!event.inputs[0].isString() || event.inputs.size() < 2) return;
    const auto operands = script::tensorsIn(event.inputs[1]);
    const auto macs = einsumMacs(event.inputs[0].toStringRef(), operands);
    for (auto operand = operands.rbegin(); operand != operands.rend(); ++operand) {
        use.weights.push_back({*operand, {}, macs});
    }
}

void readAttention(const Rule&, const NodeEvent& event, OperatorUse& use) {
    use.otherMacs = attentionMacs(use.input, tensorAt(event.inputs, 1), tensorAt(event.inputs, 2));
}

/// The list holds per layer and direction w_ih, w_hh, then b_ih, b_hh if there are biases, then an
/// LSTM's projection.
void readRecurrent(const Rule&, const NodeEvent& event, OperatorUse& use) {
    const bool isPacked = !event.inputs[3].isBool();  // then the batch sizes come before
    const std::size_t list = isPacked ? 3 : 2;
    std::size_t biases = 0;
    for (const auto& parameter : script::tensorsIn(event.inputs[list])) {
        if (parameter.dim() >= 2) {
            use.weights.push_back({parameter, {}, linearMacs(parameter, use.input)});
        } else if (use.weights.size() >= 2) {
            use.weights[use.weights.size() - 2 + biases % 2].bias = parameter;
            ++biases;
        }
    }
}

void readRecurrentCell(const Rule& rule, const NodeEvent& event, OperatorUse& use) {
    for (int i = 0; i < 2; ++i) {
        const auto weight = tensorAt(event.inputs, rule.weight + i);
        use.weights.push_back(
            {weight, tensorAt(event.inputs, rule.bias + i), linearMacs(weight, use.input)});
    }
}

/// Each weight is followed by its bias and sees every token once.
void readTokenWeights(const NodeEvent& event, OperatorUse& use,
                      std::initializer_list<int> weights) {
    for (const auto index : weights) {
        const auto weight = tensorAt(event.inputs, index);
        const auto macs = weight.dim() < 2 ? 0 : linearMacs(weight, use.input);
        use.weights.push_back({weight, tensorAt(event.inputs, index + 1), macs});
    }
    // [n, tokens, width]; a whole encoder layer attends to itself
    const auto keys = event.inputs[1].isTensor() ? tensorAt(event.inputs, 1) : use.input;
    use.otherMacs = attentionMacs(use.input, keys, keys);
}

void readFusedAttention(const Rule&, const NodeEvent& event, OperatorUse& use) {
    readTokenWeights(event, use, {5, 7});
}

void readEncoder(const Rule&, const NodeEvent& event, OperatorUse& use) {
    readTokenWeights(event, use, {3, 5, 10, 12, 14, 16});
}

// clang-format off
constexpr auto kLayer = WeightRole::Layer;
constexpr auto kProduct = WeightRole::Product;
constexpr auto kAffine = WeightRole::Affine;

/// A new operator is a new line. Argument numbers: input, weight, bias.
constexpr std::array kRules = {
    Rule{"aten::conv1d", "conv1d", kLayer, readConvolution, 0, 1, 2},
    Rule{"aten::conv2d", "conv2d", kLayer, readConvolution, 0, 1, 2},
    Rule{"aten::conv3d", "conv3d", kLayer, readConvolution, 0, 1, 2},
    Rule{"aten::convolution", "conv", kLayer, readConvolution, 0, 1, 2},
    Rule{"aten::_convolution", "conv", kLayer, readConvolution, 0, 1, 2},
    Rule{"aten::_convolution_mode", "conv", kLayer, readConvolution, 0, 1, 2},
    Rule{"aten::mkldnn_convolution", "conv", kLayer, readConvolution, 0, 1, 2},
    Rule{"aten::thnn_conv2d", "conv2d", kLayer, readConvolution, 0, 1, 3},
    Rule{"aten::conv_depthwise3d", "conv3d", kLayer, readConvolution, 0, 1, 3},
    Rule{"aten::conv_transpose1d", "conv_transpose1d", kLayer, readConvolution, 0, 1, 2},
    Rule{"aten::conv_transpose2d", "conv_transpose2d", kLayer, readConvolution, 0, 1, 2},
    Rule{"aten::conv_transpose3d", "conv_transpose3d", kLayer, readConvolution, 0, 1, 2},
    Rule{"aten::slow_conv_transpose2d", "conv_transpose2d", kLayer, readConvolution, 0, 1, 3},
    Rule{"aten::linear", "linear", kLayer, readLinear, 0, 1, 2},
    Rule{"aten::bilinear", "bilinear", kLayer, readBilinear, 0, 2, 3},
    Rule{"aten::embedding", "embedding", kLayer, readWithoutMacs, 1, 0, -1},
    Rule{"aten::embedding_bag", "embedding_bag", kLayer, readWithoutMacs, 1, 0, -1},
    Rule{"aten::lstm", "lstm", kLayer, readRecurrent, 0, -1, -1},
    Rule{"aten::gru", "gru", kLayer, readRecurrent, 0, -1, -1},
    Rule{"aten::rnn_tanh", "rnn", kLayer, readRecurrent, 0, -1, -1},
    Rule{"aten::rnn_relu", "rnn", kLayer, readRecurrent, 0, -1, -1},
    Rule{"aten::lstm_cell", "lstm", kLayer, readRecurrentCell, 0, 2, 4},
    Rule{"aten::gru_cell", "gru", kLayer, readRecurrentCell, 0, 2, 4},
    Rule{"aten::rnn_tanh_cell", "rnn", kLayer, readRecurrentCell, 0, 2, 4},
    Rule{"aten::rnn_relu_cell", "rnn", kLayer, readRecurrentCell, 0, 2, 4},
    Rule{"aten::_native_multi_head_attention", "attention", kLayer, readFusedAttention, 0, -1, -1},
    Rule{"aten::_transformer_encoder_layer_fwd", "encoder_layer", kLayer, readEncoder, 0, -1, -1},
    Rule{"aten::mm", "matmul", kProduct, readProduct, -1, 0, -1},
    Rule{"aten::bmm", "matmul", kProduct, readProduct, -1, 0, -1},
    Rule{"aten::mv", "matmul", kProduct, readProduct, -1, 0, -1},
    Rule{"aten::dot", "matmul", kProduct, readProduct, -1, 0, -1},
    Rule{"aten::inner", "matmul", kProduct, readProduct, -1, 0, -1},
    Rule{"aten::matmul", "matmul", kProduct, readProduct, -1, 0, -1},
    Rule{"aten::linalg_matmul", "matmul", kProduct, readProduct, -1, 0, -1},
    Rule{"aten::addmm", "matmul", kProduct, readProduct, -1, 1, 0},
    Rule{"aten::addmm_", "matmul", kProduct, readProduct, -1, 1, 0},
    Rule{"aten::addmv", "matmul", kProduct, readProduct, -1, 1, 0},
    Rule{"aten::_addmm_activation", "matmul", kProduct, readProduct, -1, 1, 0},
    Rule{"aten::addbmm", "matmul", kProduct, readProduct, -1, 1, 0},
    Rule{"aten::baddbmm", "matmul", kProduct, readProduct, -1, 1, 0},
    Rule{"aten::tensordot", "tensordot", kProduct, readTensorDot, -1, 0, -1},
    Rule{"aten::einsum", "einsum", kProduct, readEinsum, -1, -1, -1},
    Rule{"aten::scaled_dot_product_attention", "attention", kProduct, readAttention, 0, -1, -1},
    Rule{"aten::batch_norm", "batch_norm", kAffine, readWithoutMacs, 0, 1, 2},
    Rule{"aten::native_batch_norm", "batch_norm", kAffine, readWithoutMacs, 0, 1, 2},
    Rule{"aten::instance_norm", "instance_norm", kAffine, readWithoutMacs, 0, 1, 2},
    Rule{"aten::layer_norm", "layer_norm", kAffine, readWithoutMacs, 0, 2, 3},
    Rule{"aten::native_layer_norm", "layer_norm", kAffine, readWithoutMacs, 0, 2, 3},
    Rule{"aten::group_norm", "group_norm", kAffine, readWithoutMacs, 0, 2, 3},
    Rule{"aten::native_group_norm", "group_norm", kAffine, readWithoutMacs, 0, 1, 2},
    Rule{"aten::rms_norm", "rms_norm", kAffine, readWithoutMacs, 0, 2, -1},
    Rule{"aten::prelu", "prelu", kAffine, readWithoutMacs, 0, 1, -1},
};
// clang-format on

const Rule* find(c10::Symbol op) {
    static const auto* table = [] {
        auto* rules = new std::unordered_map<c10::Symbol, const Rule*>();
        for (const auto& rule : kRules) {
            rules->emplace(c10::Symbol::fromQualString(std::string(rule.op)), &rule);
        }
        return rules;
    }();
    const auto found = table->find(op);
    return found == table->end() ? nullptr : found->second;
}

constexpr auto kReindexing =
    "t numpy_T mT transpose swapaxes permute movedim view view_as reshape reshape_as flatten "
    "unflatten squeeze unsqueeze expand expand_as broadcast_to repeat repeat_interleave select "
    "slice narrow index index_select split split_with_sizes chunk unbind unsafe_chunk unsafe_split "
    "tensor_split flip roll as_strided contiguous clone detach alias to type_as dropout";

}  // namespace

bool isKnownOperator(c10::Symbol op) {
    return find(op) != nullptr;
}

std::optional<OperatorUse> readOperator(const NodeEvent& event) {
    const auto* rule = find(event.node->kind());
    if (rule == nullptr) return std::nullopt;
    OperatorUse use{
        std::string(rule->kind), rule->role, tensorAt(event.inputs, rule->input), {}, 0};
    rule->read(*rule, event, use);
    return use;
}

std::optional<WeightArguments> weightArguments(c10::Symbol op) {
    const auto* rule = find(op);
    if (rule == nullptr || rule->role == WeightRole::Affine) return std::nullopt;
    const auto at = [](int index) { return static_cast<std::size_t>(index); };
    if (rule->read == readRecurrent) return WeightArguments{rule->kind, 0, 2};
    if (rule->weight < 0) return std::nullopt;
    if (rule->role == WeightRole::Layer) {
        return WeightArguments{rule->kind, at(rule->input), at(rule->weight)};
    }
    return WeightArguments{rule->kind, at(rule->weight), at(rule->weight + 1)};
}

bool isReindexing(c10::Symbol op) {
    static const auto* symbols = [] {
        auto* all = new std::unordered_set<c10::Symbol>();
        std::istringstream names(kReindexing);
        for (std::string name; names >> name;) {
            all->insert(c10::Symbol::fromQualString("aten::" + name));
        }
        return all;
    }();
    return symbols->contains(op);
}

}  // namespace espalier::model
