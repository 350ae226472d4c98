// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/masked_values_torch.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>

#include <ATen/Functions.h>
#include <c10/core/GradMode.h>

#include "core/channels/execution_torch.h"
#include "core/channels/pointwise_torch.h"
#include "core/model/operators_torch.h"
#include "core/script/steps_torch.h"

namespace espalier::channels {

namespace {

using Names = std::set<std::string_view>;

constexpr int kSamples = 6;
constexpr double kVarying = std::numeric_limits<double>::quiet_NaN();

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

bool isAny(const Names& names, const std::string& op) {
    return names.contains(op);
}

/// Each position is worked out from the same position of the inputs alone.
bool isElementwise(const torch::jit::Node& node, const std::string& op) {
    static const Names kOthers = {"dropout",  "feature_dropout",
                                  "clone",    "contiguous",
                                  "to",       "type_as",
                                  "float",    "double",
                                  "half",     "detach",
                                  "where",    "masked_fill",
                                  "prelu",    "alias",
                                  "_to_copy", "relu6",
                                  "celu",     "selu",
                                  "rsub",     "fill",
                                  "isfinite", "isnan",
                                  "isinf",    "square",
                                  "softsign", "logsigmoid"};
    return node.kind().is_aten() && (isPointwise(node) || isAny(kOthers, op));
}

/// Elements are moved, and none are added.
bool isMoving(const torch::jit::Node& node, const std::string& op) {
    static const Names kOthers = {"slice", "select", "narrow",       "chunk",    "split",
                                  "flip",  "unbind", "index_select", "repeat",   "split_with_sizes",
                                  "tile",  "roll",   "expand",       "expand_as"};
    return model::isReindexing(node.kind()) || isAny(kOthers, op);
}

/// Zeros become zeros.
bool keepsZeros(const std::string& op) {
    static const Names kReducing = {"sum", "mean", "amax", "amin", "max", "min", "glu", "norm"};
    for (const auto* start : {"max_pool", "avg_pool", "adaptive_", "upsample_", "linalg_vector"}) {
        if (op.starts_with(start)) return true;
    }
    return isAny(kReducing, op);
}

/// Numbers to try an operator on, others for every operand.
at::Tensor samples(at::ScalarType type, int operand) {
    auto numbers = at::tensor({0.7, -1.3, 2.1, 1000.0, -1000.0, 5.0}, at::kDouble) + 0.37 * operand;
    numbers = numbers.roll(operand);
    return type == at::kBool ? numbers.gt(0.5) : numbers.abs().ceil().copysign(numbers).to(type);
}

/// The number that all are, or kVarying.
double onlyNumber(const at::Tensor& values) {
    if (values.is_complex() || values.numel() == 0) return kVarying;
    const auto all = values.to(at::kDouble).flatten();
    return all.eq(all[0]).all().item<bool>() ? all[0].item<double>() : kVarying;
}

/// What becomes of it where zeros stay zeros.
std::optional<double> zeroOnly(std::optional<double> number) {
    return number && *number != 0 ? kVarying : number;
}

}  // namespace

MaskedValues::MaskedValues(const Trace& trace, const TagTable& tags,
                           const std::set<std::string>& buffers)
    : m_trace(trace), m_tags(tags), m_known(trace.values.size()), m_memory(trace.values.size()) {
    std::iota(m_memory.begin(), m_memory.end(), 0);
    for (std::size_t id = 0; id < trace.values.size(); ++id) {
        const auto& path = trace.values[id].path;
        if (!path.empty() && !buffers.contains(path)) m_known[id] = 0;
    }
}

std::optional<double> MaskedValues::of(ValueId value) const {
    return value < 0 ? std::nullopt : m_known[at(value)];
}

std::vector<ValueId> MaskedValues::tensorsOf(const TraceStep& step) const {
    std::vector<ValueId> ids;
    for (const auto id : step.inputs) {
        if (id < 0) continue;
        const auto& value = m_trace.values[at(id)];
        if (value.isTensor) ids.push_back(id);
        ids.insert(ids.end(), value.elements.begin(), value.elements.end());
    }
    return ids;
}

std::vector<std::size_t> MaskedValues::trackedAxes(ValueId value) const {
    std::vector<std::size_t> axes;
    const auto& all = m_tags.values[at(value)].axes;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i] != nullptr) axes.push_back(i);
    }
    return axes;
}

/// An operator that writes into memory which others look into as well changes what they hold.
void MaskedValues::set(const TraceStep& step, ValueId output, Number number) {
    const std::string_view name = step.node->kind().toUnqualString();
    const bool isInPlace = name.ends_with('_') && !name.ends_with("__");
    const auto memory = m_memory[at(output)];
    if (isInPlace && number != m_known[at(output)]) {
        for (std::size_t id = 0; id < m_known.size(); ++id) {
            if (m_memory[id] == memory) m_known[id] = std::nullopt;
        }
    }
    m_known[at(output)] = number;
}

void MaskedValues::follow(const TraceStep& step) {
    if (!step.node->kind().is_aten()) return;
    const c10::NoGradGuard noGrad;
    const auto inputs = tensorsOf(step);
    for (const auto id : step.outputs) {
        if (id < 0) continue;
        auto outputs = m_trace.values[at(id)].elements;
        if (m_trace.values[at(id)].isTensor) outputs.push_back(id);
        for (const auto output : outputs) {
            const bool isView = !inputs.empty() && isMoving(*step.node, plainOperator(*step.node));
            if (isView) m_memory[at(output)] = m_memory[at(inputs[0])];
            set(step, output, after(step, output));
        }
    }
}

MaskedValues::Number MaskedValues::after(const TraceStep& step, ValueId output) const {
    const auto op = plainOperator(*step.node);
    const auto inputs = tensorsOf(step);
    static const Names kProducts = {"matmul", "bmm", "mm", "scaled_dot_product_attention"};
    static const Names kZeros = {"zeros", "zeros_like", "new_zeros", "zero"};
    if (isAny(kZeros, op)) return 0;
    if (inputs.empty()) return std::nullopt;
    if (op == "scaled_dot_product_attention" && inputs.size() > 2) {
        return ofProduct(inputs[0], inputs[2], output);
    }
    if (isAny(kProducts, op)) return ofProduct(inputs[0], inputs[1], output);
    if (op == "cat" || op == "stack") return ofList(step);
    if (op.starts_with("expand")) {
        const auto& from = m_trace.values[at(inputs[0])].shape;
        const auto& to = m_trace.values[at(output)].shape;
        for (const auto axis : trackedAxes(output)) {
            const auto own = axis + from.size() - to.size();
            if (to.size() - axis > from.size() || from[own] != to[axis]) return kVarying;
        }
        return of(inputs[0]);
    }
    if (keepsZeros(op) && inputs.size() == 1) return zeroOnly(of(inputs[0]));
    if (isElementwise(*step.node, op)) return evaluated(step, output);
    if (isMoving(*step.node, op)) return of(inputs[0]);
    return ofLayer(step, output);
}

/// a [.., n, k] times b [.., k, m]: rows are gone with a's, columns with b's, batches with either.
MaskedValues::Number MaskedValues::ofProduct(ValueId a, ValueId b, ValueId output) const {
    const auto own = [this](ValueId id) {
        return m_tags.values[at(id)].isParametric ? Number(0) : of(id);
    };
    const auto rank = m_trace.values[at(output)].shape.size();
    Number product = 0;
    for (const auto axis : trackedAxes(output)) {
        const bool isRow = axis + 2 == rank, isColumn = axis + 1 == rank;
        const bool isZero = (!isColumn && own(a) == 0.0) || (!isRow && own(b) == 0.0);
        if (isZero) continue;
        if ((!isColumn && !own(a)) || (!isRow && !own(b))) return std::nullopt;
        product = kVarying;
    }
    return product;
}

/// Layers whose own output channels are all that may go: rows and biases are zero there.
MaskedValues::Number MaskedValues::ofLayer(const TraceStep& step, ValueId output) const {
    static const Names kRows = {"linear", "addmm", "embedding", "layer_norm"};
    static const Names kRecurrent = {"lstm", "gru", "rnn_tanh", "rnn_relu"};
    const auto op = plainOperator(*step.node);
    const auto axes = trackedAxes(output);
    const auto rank = m_trace.values[at(output)].shape.size();
    if (axes.size() != 1) return std::nullopt;
    const auto inputs = tensorsOf(step);
    const auto isParametric = [this](ValueId id) { return m_tags.values[at(id)].isParametric; };
    const bool isConvolution = op.starts_with("conv") || op.starts_with("_conv");
    const bool isNorm = op == "batch_norm" && inputs.size() > 4;  // with weight and bias
    if (isConvolution || isNorm) {
        const bool isBatch = isNorm || rank == m_trace.values[at(inputs.at(1))].shape.size();
        const bool isChannels = axes[0] == (isBatch ? 1 : 0) && rank > 1;
        return isChannels && isParametric(inputs.at(1)) ? Number(0) : Number();
    }
    if (axes[0] + 1 != rank) return std::nullopt;
    if (isAny(kRows, op)) {
        const bool isAffine = op != "layer_norm" || inputs.size() == 3;
        return isAffine &&
                       (op == "embedding" ? isParametric(inputs[0]) : isParametric(inputs.back()))
                   ? Number(0)
                   : Number();
    }
    // All gates at rest: what the state was decays to zero.
    if (!isAny(kRecurrent, op)) return std::nullopt;
    const bool isAtRest = std::ranges::all_of(inputs, [&](ValueId id) {
        return id == inputs[0] || isParametric(id) || trackedAxes(id).empty() || of(id) == 0.0;
    });
    return isAtRest ? Number(0) : Number();
}

MaskedValues::Number MaskedValues::ofList(const TraceStep& step) const {
    std::vector<Number> numbers;
    for (const auto id : tensorsOf(step)) {
        if (!trackedAxes(id).empty()) numbers.push_back(of(id));
    }
    const auto isKnown = [](const Number& number) { return number.has_value(); };
    if (numbers.empty() || !std::ranges::all_of(numbers, isKnown)) return std::nullopt;
    const bool isSame = std::ranges::count(numbers, numbers[0]) == std::ssize(numbers);
    return isSame ? *numbers[0] : kVarying;
}

MaskedValues::Number MaskedValues::evaluated(const TraceStep& step, ValueId output) const {
    const auto axes = trackedAxes(output);
    if (axes.empty() || step.outputs.size() != 1) return std::nullopt;
    const auto first = evaluatedAt(step, output, axes[0]);
    Number all = first;
    for (const auto axis : axes) {
        const auto number = evaluatedAt(step, output, axis);
        if (!number) return std::nullopt;
        if (*number != *first) all = kVarying;
    }
    return all;
}

/// The operator tried on numbers: what is gone along `axis` is what it is, the rest is anything.
MaskedValues::Number MaskedValues::evaluatedAt(const TraceStep& step, ValueId output,
                                               std::size_t axis) const {
    const auto& shape = m_trace.values[at(output)].shape;
    torch::jit::Stack stack;
    bool isAllKnown = true;
    for (const auto id : step.inputs) {
        if (id < 0) return std::nullopt;
        const auto& value = m_trace.values[at(id)];
        if (!value.isTensor) {
            if (!value.elements.empty()) return std::nullopt;
            stack.emplace_back(value.value);
            continue;
        }
        const bool isLong = shape.size() - axis <= value.shape.size();
        const auto own = axis + value.shape.size() - shape.size();
        const bool isGone = isLong && m_tags.values[at(id)].isTracked(static_cast<int>(own));
        const auto number = isGone ? of(id) : Number(kVarying);
        if (at::isComplexType(value.dtype)) return std::nullopt;
        isAllKnown &= number.has_value();
        stack.emplace_back(std::isnan(number.value_or(kVarying))
                               ? samples(value.dtype, static_cast<int>(stack.size()))
                               : at::full({kSamples}, *number, value.dtype));
    }
    try {
        script::functionOf(const_cast<torch::jit::Node*>(step.node))(stack);
    } catch (const std::exception&) {  // it wants other shapes: nothing is known then
        return std::nullopt;
    }
    if (stack.empty() || !stack.back().isTensor()) return std::nullopt;
    const auto result = onlyNumber(stack.back().toTensor());
    return isAllKnown || !std::isnan(result) ? Number(result) : std::nullopt;
}

}  // namespace espalier::channels
