// SPDX-License-Identifier: GPL-3.0-or-later
// Linear layers, products, look-up tables of vectors.
#include <algorithm>
#include <array>
#include <cctype>

#include "core/base/format.h"
#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

/// input @ weight.T + bias; the weight keeps its shape and name.
void linear(const OnnxCall& call) {
    const auto input = call.id("input");
    const auto weight = call.id("weight");
    const auto bias = call.tensor("bias");
    if (call.rank(input) == 2 && call.rank(weight) == 2) {
        call.give(call.graph.add("Gemm", {call.tensor(input), call.tensor(weight), bias},
                                 {{"transB", std::int64_t{1}}}));
        return;
    }
    auto turned = call.tensor(weight);
    if (call.rank(weight) == 2) turned = call.graph.transpose(turned, {1, 0});
    auto value = call.graph.add("MatMul", {call.tensor(input), turned});
    if (!bias.empty()) value = call.graph.add("Add", {value, bias});
    call.give(value);
}

void product(const OnnxCall& call) {
    call.give(call.graph.add("MatMul", {call.tensor(call.id(0)), call.tensor(call.id(1))}));
}

std::string scaled(const OnnxCall& call, std::string value, std::string_view factor) {
    const auto by = call.real(factor, 1);
    if (by == 1) return value;
    return call.graph.add("Mul", {value, call.graph.scalar(by, call.type(call.output()))});
}

/// beta × self + alpha × a @ b
void addedProduct(const OnnxCall& call) {
    const auto value = call.graph.add("MatMul", {call.tensor(call.id(1)), call.tensor(call.id(2))});
    call.give(call.graph.add(
        "Add", {scaled(call, value, "alpha"), scaled(call, call.tensor(call.id(0)), "beta")}));
}

void einsum(const OnnxCall& call) {
    std::string equation = call.text("equation");
    std::erase_if(equation, [](unsigned char c) { return std::isspace(c); });
    std::vector<std::string> operands;
    for (const ValueId id : call.list("tensors")) operands.push_back(call.tensor(id));
    call.give(call.graph.add("Einsum", operands, {{"equation", equation}}));
}

void bilinear(const OnnxCall& call) {
    auto value = call.graph.add(
        "Einsum", {call.tensor("input1"), call.tensor("weight"), call.tensor("input2")},
        {{"equation", std::string("...i,oij,...j->...o")}});
    if (call.has("bias")) value = call.graph.add("Add", {value, call.tensor("bias")});
    call.give(value);
}

void embedding(const OnnxCall& call) {
    call.give(call.graph.add("Gather", {call.tensor("weight"), call.tensor("indices")}));
}

void outer(const OnnxCall& call) {
    call.give(call.graph.add("Einsum", {call.tensor(call.id(0)), call.tensor(call.id(1))},
                             {{"equation", std::string("i,j->ij")}}));
}

constexpr std::array kMappings = {
    NamedMapping{"linear", linear},
    NamedMapping{"matmul mm bmm mv dot", product},
    NamedMapping{"addmm baddbmm addmv", addedProduct},
    NamedMapping{"einsum", einsum},
    NamedMapping{"bilinear", bilinear},
    NamedMapping{"embedding", embedding},
    NamedMapping{"outer ger", outer},
};

}  // namespace

std::span<const NamedMapping> contractionMappings() {
    return kMappings;
}

}  // namespace espalier::exchange
