// SPDX-License-Identifier: GPL-3.0-or-later
// Attention that is one operator in PyTorch and several in ONNX.
#include <array>
#include <cmath>
#include <limits>

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>

#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

/// softmax(scale × q kᵀ + mask) v, with q, k, v [..., tokens, width].
struct Attention {
    std::string q, k, v;
    std::string mask;  ///< added; empty: none
    std::int64_t rank = 4;
    double scale = 1;
    at::ScalarType type = at::kFloat;
};

/// The weights of attention, then what it gives.
std::pair<std::string, std::string> attend(OnnxGraph& graph, const Attention& attention) {
    Integers order;
    for (std::int64_t i = 0; i < attention.rank; ++i) order.push_back(i);
    std::swap(order[order.size() - 1], order[order.size() - 2]);
    auto scores = graph.add("MatMul", {attention.q, graph.transpose(attention.k, order)});
    scores = graph.add("Mul", {scores, graph.scalar(attention.scale, attention.type)});
    if (!attention.mask.empty()) scores = graph.add("Add", {scores, attention.mask});
    const auto weights = graph.add("Softmax", {scores}, {{"axis", std::int64_t{-1}}});
    return {weights, graph.add("MatMul", {weights, attention.v})};
}

/// A mask of truths (true: looked at) as what is added.
std::string added(OnnxGraph& graph, const std::string& mask, at::ScalarType type) {
    const double never = -std::numeric_limits<double>::infinity();
    return graph.add("Where", {mask, graph.scalar(0, type), graph.scalar(never, type)});
}

/// Each head of keys and values serves several of the queries.
std::string spread(const OnnxCall& call, ValueId id, std::int64_t heads) {
    const auto axis = call.rank(id) - 3;
    const auto own = axis < 0 ? heads : call.fixedSize(id, axis);
    if (own == heads) return call.tensor(id);
    const auto positions = at::arange(heads).floor_divide(heads / own);
    return call.graph.add("Gather", {call.tensor(id), call.graph.constant(positions)},
                          {{"axis", axis}});
}

void scaledDotProduct(const OnnxCall& call) {
    const auto query = call.id("query");
    const auto width = call.fixedSize(query, call.rank(query) - 1);
    Attention attention;
    attention.type = call.type(query);
    attention.rank = call.rank(query);
    attention.scale = call.real("scale", 1 / std::sqrt(static_cast<double>(width)));
    const auto heads = call.rank(query) > 2 ? call.shape(query)[call.shape(query).size() - 3] : 1;
    const bool isGrouped = call.flag("enable_gqa");
    attention.q = call.tensor(query);
    attention.k = isGrouped ? spread(call, call.id("key"), heads) : call.tensor("key");
    attention.v = isGrouped ? spread(call, call.id("value"), heads) : call.tensor("value");
    if (const auto mask = call.id("attn_mask"); mask >= 0) {
        attention.mask = call.type(mask) == at::kBool
                             ? added(call.graph, call.tensor(mask), attention.type)
                             : call.tensor(mask, attention.type);
    }
    if (call.flag("is_causal")) {
        const auto key = call.id("key");
        const auto seen = at::full({call.fixedSize(query, attention.rank - 2),
                                    call.fixedSize(key, call.rank(key) - 2)},
                                   true, at::kBool)
                              .tril();
        attention.mask = added(call.graph, call.graph.constant(seen), attention.type);
    }
    call.give(attend(call.graph, attention).second);
}

/// Self-attention as PyTorch's fast path has it: one weight for query, key and value.
void nativeMultiHead(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto query = call.id("query");
    if (call.id("key") != query || call.id("value") != query)
        throw Unmapped("query, key and value are not one");
    if (call.has("mask")) throw Unmapped("it has a mask");
    const auto dims = call.seen.dims(query);
    const auto heads = call.integer("num_head", 1);
    const auto width = call.integer("embed_dim", 1) / heads;
    auto value = graph.add(
        "MatMul", {call.tensor(query), graph.transpose(call.tensor("qkv_weight"), {1, 0})});
    value = graph.add("Add", {value, call.tensor("qkv_bias")});
    value = graph.reshape(value, {dims[0], dims[1], {0, 3}, {0, heads}, {0, width}});
    value = graph.transpose(value, {2, 0, 3, 1, 4});
    const auto part = [&](std::int64_t i) {
        return graph.add("Gather", {value, graph.scalar(static_cast<double>(i), at::kLong)},
                         {{"axis", std::int64_t{0}}});
    };
    const auto [weights, given] =
        attend(graph, {part(0), part(1), part(2), "", 4, 1 / std::sqrt(static_cast<double>(width)),
                       call.type(query)});
    auto result = graph.reshape(graph.transpose(given, {0, 2, 1, 3}), dims);
    result = graph.add("MatMul", {result, graph.transpose(call.tensor("proj_weight"), {1, 0})});
    const auto outputs = call.outputs();
    call.give(outputs.at(0), graph.add("Add", {result, call.tensor("proj_bias")}));
    if (outputs.size() < 2) return;
    call.give(outputs[1], call.flag("average_attn_weights")
                              ? graph.add("ReduceMean", {weights},
                                          {{"axes", Integers{1}}, {"keepdims", std::int64_t{0}}})
                              : weights);
}

constexpr std::array kMappings = {
    NamedMapping{"scaled_dot_product_attention", scaledDotProduct},
    NamedMapping{"_native_multi_head_attention", nativeMultiHead},
};

}  // namespace

std::span<const NamedMapping> attentionMappings() {
    return kMappings;
}

}  // namespace espalier::exchange
