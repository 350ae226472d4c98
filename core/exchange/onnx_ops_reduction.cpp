// SPDX-License-Identifier: GPL-3.0-or-later
// Sums, means, maxima, norms, order.
#include <array>
#include <cmath>
#include <limits>

#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

OnnxAttribute keepDims(const OnnxCall& call) {
    return {"keepdims", std::int64_t{call.flag("keepdim")}};
}

std::string input(const OnnxCall& call) {
    return call.tensor(call.id(0), call.type(call.output()));
}

/// ReduceSum takes its axes as a tensor in this opset, the others as an attribute.
std::string reduced(const OnnxCall& call, const std::string& op, const std::string& value,
                    const Integers& axes, const OnnxAttribute& keep) {
    if (op == "ReduceSum") return call.graph.add(op, {value, call.graph.constant(axes)}, {keep});
    return call.graph.add(op, {value}, {{"axes", axes}, keep});
}

void reduce(const OnnxCall& call) {
    std::string op = "ReduceSum";
    if (call.name == "mean") op = "ReduceMean";
    if (call.name == "amax") op = "ReduceMax";
    if (call.name == "amin") op = "ReduceMin";
    if (call.name == "prod") op = "ReduceProd";
    if (call.name == "logsumexp") op = "ReduceLogSumExp";
    call.give(reduced(call, op, input(call), call.axes("dim", call.id(0)), keepDims(call)));
}

/// Of one axis with its places, of two tensors, or of everything.
void extreme(const OnnxCall& call) {
    const bool isMax = call.name == "max";
    if (call.argument("other") >= 0) {
        const auto type = call.type(call.output());
        return call.give(
            call.graph.add(isMax ? "Max" : "Min", {call.operand(0, type), call.operand(1, type)}));
    }
    const std::string op = isMax ? "ReduceMax" : "ReduceMin";
    if (call.argument("dim") < 0) {
        return call.give(reduced(call, op, input(call), call.axes("dim", call.id(0)),
                                 {"keepdims", std::int64_t{0}}));
    }
    const auto outputs = call.outputs();
    const auto axis = call.axis("dim", call.id(0));
    const auto value = call.tensor(call.id(0));
    call.give(outputs.at(0), reduced(call, op, value, {axis}, keepDims(call)));
    call.give(outputs.at(1), call.graph.add(isMax ? "ArgMax" : "ArgMin", {value},
                                            {{"axis", axis}, keepDims(call)}));
}

void place(const OnnxCall& call) {
    if (call.given("dim").isNone()) throw Unmapped("it looks over all axes as one");
    call.give(call.graph.add(call.name == "argmax" ? "ArgMax" : "ArgMin", {call.tensor(call.id(0))},
                             {{"axis", call.axis("dim", call.id(0))}, keepDims(call)}));
}

/// (Σ |x|^p)^(1/p)
void norm(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto argument = call.argument("ord") >= 0 ? "ord" : "p";
    const double p = call.real(argument, 2);
    const auto axes = call.axes("dim", call.id(0));
    const auto keep = keepDims(call);
    const auto x = input(call);
    if (p == 2) return call.give(reduced(call, "ReduceL2", x, axes, keep));
    if (p == 1) return call.give(reduced(call, "ReduceL1", x, axes, keep));
    const auto size = graph.add("Abs", {x});
    if (std::isinf(p))
        return call.give(reduced(call, p > 0 ? "ReduceMax" : "ReduceMin", size, axes, keep));
    if (p == 0) throw Unmapped("it counts what is not zero");
    const auto type = call.type(call.output());
    const auto powers = graph.add("Pow", {size, graph.scalar(p, type)});
    const auto sum = reduced(call, "ReduceSum", powers, axes, keep);
    call.give(graph.add("Pow", {sum, graph.scalar(1 / p, type)}));
}

/// Variance or standard deviation, with n - correction as divisor; some give the mean as well.
void spread(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto id = call.id(0);
    const auto type = call.type(call.output());
    const auto axes = call.axes("dim", id);
    const auto keep = keepDims(call);
    double correction = 1;
    if (call.argument("unbiased") >= 0) correction = call.flag("unbiased") ? 1 : 0;
    if (call.argument("correction") >= 0) correction = call.real("correction", 1);
    double count = 1;
    for (const auto axis : axes) count *= static_cast<double>(call.fixedSize(id, axis));
    const auto x = input(call);
    const OnnxAttribute kept{"keepdims", std::int64_t{1}};
    const auto off = graph.add("Sub", {x, reduced(call, "ReduceMean", x, axes, kept)});
    auto value = reduced(call, "ReduceMean", graph.add("Mul", {off, off}), axes, keep);
    if (correction != 0)
        value = graph.add("Mul", {value, graph.scalar(count / (count - correction), type)});
    if (call.name.starts_with("std")) value = graph.add("Sqrt", {value});
    const auto outputs = call.outputs();
    call.give(outputs.at(0), value);
    if (outputs.size() > 1) call.give(outputs.at(1), reduced(call, "ReduceMean", x, axes, keep));
}

void cumulate(const OnnxCall& call) {
    const auto axis =
        call.graph.scalar(static_cast<double>(call.axis("dim", call.id(0))), at::kLong);
    call.give(call.graph.add("CumSum", {input(call), axis}));
}

void largest(const OnnxCall& call) {
    const auto id = call.id(0);
    const auto axis = call.axis("dim", id, -1);
    const bool isSort = call.name != "topk";
    const bool isDescending = isSort ? call.flag("descending") : call.flag("largest");
    const auto count =
        isSort ? call.seen.dims(id)[static_cast<std::size_t>(axis)] : call.counts("k").at(0);
    const auto names = call.graph.addMany(
        "TopK", {call.tensor(id), call.graph.counts({count})},
        {{"axis", axis}, {"largest", std::int64_t{isDescending}}, {"sorted", std::int64_t{1}}}, 2);
    const auto outputs = call.outputs();
    if (call.name == "argsort") return call.give(names[1]);
    call.give(outputs.at(0), names[0]);
    call.give(outputs.at(1), names[1]);
}

/// any and all, over what is true as 1.
void truth(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto truths = graph.cast(call.tensor(call.id(0), at::kBool), at::kInt);
    const auto value = reduced(call, call.name == "any" ? "ReduceMax" : "ReduceMin", truths,
                               call.axes("dim", call.id(0)), keepDims(call));
    call.give(graph.cast(value, at::kBool));
}

constexpr std::array kMappings = {
    NamedMapping{"sum mean amax amin prod logsumexp", reduce},
    NamedMapping{"max min", extreme},
    NamedMapping{"argmax argmin", place},
    NamedMapping{"norm linalg_vector_norm", norm},
    NamedMapping{"var std var_mean std_mean", spread},
    NamedMapping{"cumsum", cumulate},
    NamedMapping{"topk sort argsort", largest},
    NamedMapping{"any all", truth},
};

}  // namespace

std::span<const NamedMapping> reductionMappings() {
    return kMappings;
}

}  // namespace espalier::exchange
