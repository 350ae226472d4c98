// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <ranges>

#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>

#include "core/base/format.h"
#include "core/exchange/onnx_graph_torch.h"

namespace espalier::exchange {

namespace {

constexpr std::int64_t kSmall = 1024;  // bytes of constants that are looked for among earlier ones

std::string bytesOf(const at::Tensor& tensor) {
    return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

}  // namespace

OnnxType onnxType(at::ScalarType type) {
    switch (type) {
        case at::kFloat:
            return OnnxType::Float;
        case at::kDouble:
            return OnnxType::Double;
        case at::kHalf:
            return OnnxType::Float16;
        case at::kBFloat16:
            return OnnxType::BFloat16;
        case at::kLong:
            return OnnxType::Int64;
        case at::kInt:
            return OnnxType::Int32;
        case at::kShort:
            return OnnxType::Int16;
        case at::kChar:
            return OnnxType::Int8;
        case at::kByte:
            return OnnxType::UInt8;
        case at::kBool:
            return OnnxType::Bool;
        default:
            throw Unmapped(cat("ONNX has no operators on ", c10::toString(type)));
    }
}

std::string OnnxGraph::newName(const std::string& op) {
    const std::string name = cat(m_scope, m_scope.empty() ? "" : "/", op);
    const int number = m_used[name]++;
    return number == 0 ? name : cat(name, "_", number);
}

std::vector<std::string> OnnxGraph::addMany(const std::string& op, std::vector<std::string> inputs,
                                            const OnnxAttributes& attributes, std::size_t outputs) {
    while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
    OnnxNode node{op, newName(op), std::move(inputs), {}, attributes};
    for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(cat(node.name, "_output_", i));
    m_model.nodes.push_back(std::move(node));
    return m_model.nodes.back().outputs;
}

std::string OnnxGraph::add(const std::string& op, std::vector<std::string> inputs,
                           const OnnxAttributes& attributes) {
    return addMany(op, std::move(inputs), attributes, 1).front();
}

std::string OnnxGraph::initialiser(const std::string& name, const at::Tensor& tensor) {
    if (!m_initialisers.insert(name).second) return name;
    const at::Tensor plain = tensor.detach().cpu().contiguous();
    m_model.tensors.push_back(
        {name, onnxType(plain.scalar_type()), plain.sizes().vec(), bytesOf(plain)});
    return name;
}

std::string OnnxGraph::constant(const at::Tensor& tensor) {
    const auto plain = tensor.detach().cpu().contiguous();
    std::string key;
    if (static_cast<std::int64_t>(plain.nbytes()) <= kSmall) {
        key = cat(plain.scalar_type(), plain.sizes(), bytesOf(plain));
        if (const auto known = m_small.find(key); known != m_small.end()) return known->second;
    }
    const auto name = initialiser(newName("constant"), plain);
    if (!key.empty()) m_small.emplace(std::move(key), name);
    return name;
}

std::string OnnxGraph::constant(const Integers& integers) {
    return constant(at::tensor(integers, at::kLong));
}

std::string OnnxGraph::scalar(double value, at::ScalarType type) {
    return constant(at::scalar_tensor(value, at::TensorOptions(type)));
}

std::string OnnxGraph::counts(const std::vector<Count>& counts) {
    if (std::ranges::all_of(counts, &Count::isFixed)) {
        Integers integers;
        for (const Count& count : counts) integers.push_back(count.rest);
        return constant(integers);
    }
    std::vector<std::string> parts;
    for (const auto [perSample, rest] : counts) {
        if (perSample == 0) {
            parts.push_back(constant(Integers{rest}));
            continue;
        }
        auto& known = m_counts[{perSample, rest}];
        if (known.empty()) {
            known = add("Shape", {m_batchInput},
                        {{"start", std::int64_t{0}}, {"end", std::int64_t{1}}});
            if (perSample != 1) known = add("Mul", {known, constant(Integers{perSample})});
            if (rest != 0) known = add("Add", {known, constant(Integers{rest})});
        }
        parts.push_back(known);
    }
    if (parts.size() == 1) return parts[0];
    return add("Concat", parts, {{"axis", std::int64_t{0}}});
}

std::string OnnxGraph::count(Count count, at::ScalarType type) {
    if (count.isFixed()) return scalar(static_cast<double>(count.rest), type);
    const auto number = add("Squeeze", {counts({count}), constant(Integers{0})});
    return type == at::kLong ? number : cast(number, type);
}

std::string OnnxGraph::reshape(const std::string& input, const std::vector<Count>& shape) {
    const auto isEmpty = [](const Count& c) { return c == Count{0, 0}; };
    if (std::ranges::count_if(shape, std::not_fn(&Count::isFixed)) == 1 &&
        std::ranges::none_of(shape, isEmpty)) {
        Integers sizes;
        for (const Count& count : shape) sizes.push_back(count.isFixed() ? count.rest : -1);
        return add("Reshape", {input, constant(sizes)});
    }
    return add("Reshape", {input, counts(shape)});
}

std::string OnnxGraph::transpose(const std::string& input, Integers order) {
    if (std::ranges::is_sorted(order)) return input;
    return add("Transpose", {input}, {{"perm", std::move(order)}});
}

std::string OnnxGraph::cast(const std::string& input, at::ScalarType type) {
    return add("Cast", {input}, {{"to", static_cast<std::int64_t>(onnxType(type))}});
}

std::string OnnxGraph::slice(const std::string& input, std::int64_t axis, Count begin, Count end,
                             std::int64_t step) {
    return add("Slice", {input, counts({begin}), counts({end}), constant(Integers{axis}),
                         constant(Integers{step})});
}

void OnnxGraph::keepOnly(const std::vector<std::string>& outputs) {
    std::set<std::string> needed(outputs.begin(), outputs.end());
    std::vector<OnnxNode> kept;
    for (auto& node : std::views::reverse(m_model.nodes)) {
        const auto isNeeded = [&](const std::string& name) { return needed.contains(name); };
        if (std::ranges::none_of(node.outputs, isNeeded)) continue;
        needed.insert(node.inputs.begin(), node.inputs.end());
        kept.push_back(std::move(node));
    }
    std::ranges::reverse(kept);
    m_model.nodes = std::move(kept);
    std::erase_if(m_model.tensors,
                  [&](const OnnxTensor& tensor) { return !needed.contains(tensor.name); });
}

}  // namespace espalier::exchange
