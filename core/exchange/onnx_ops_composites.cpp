// SPDX-License-Identifier: GPL-3.0-or-later
// Operators that are short for others: stacks and splits along a named axis, turns, sums of
// products.
#include <array>
#include <map>

#include "core/base/format.h"
#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

/// The first half × σ of the second.
void gated(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto input = call.id(0);
    const auto axis = call.axis("dim", input, -1);
    const auto half = call.fixedSize(input, axis) / 2;
    const auto value = call.tensor(input);
    const auto gate = graph.add("Sigmoid", {graph.slice(value, axis, {0, half}, {0, 2 * half})});
    call.give(graph.add("Mul", {graph.slice(value, axis, {0, 0}, {0, half}), gate}));
}

/// Along which axis these join or split tensors of at least two axes.
std::int64_t namedAxis(const OnnxCall& call, ValueId id) {
    static const std::map<std::string_view, std::int64_t> axes{
        {"hstack", 1}, {"column_stack", 1}, {"vstack", 0}, {"row_stack", 0},
        {"dstack", 2}, {"hsplit", 1},       {"vsplit", 0}, {"dsplit", 2}};
    const auto axis = axes.at(call.name);
    if (call.rank(id) < 2 || call.rank(id) <= axis)
        throw Unmapped("its tensors have fewer axes than it is made for");
    return axis;
}

void joinAlong(const OnnxCall& call) {
    std::vector<std::string> parts;
    std::int64_t axis = 0;
    for (const ValueId id : call.list("tensors")) {
        axis = namedAxis(call, id);
        parts.push_back(call.tensor(id, call.type(call.output())));
    }
    call.give(call.graph.add("Concat", parts, {{"axis", axis}}));
}

void splitAlong(const OnnxCall& call) {
    const auto input = call.id(0);
    const auto axis = namedAxis(call, input);
    const auto value = call.tensor(input);
    Count begin;
    for (const ValueId id : call.outputs()) {
        const Count size = call.seen.dims(id)[static_cast<std::size_t>(axis)];
        const Count end{begin.perSample + size.perSample, begin.rest + size.rest};
        call.give(id, call.graph.slice(value, axis, begin, end));
        begin = end;
    }
}

std::string flipped(OnnxGraph& graph, const std::string& value, std::int64_t axis) {
    return graph.add("Slice",
                     {value, graph.constant(Integers{-1}), graph.constant(Integers{-(1LL << 31)}),
                      graph.constant(Integers{axis}), graph.constant(Integers{-1})});
}

void mirrored(const OnnxCall& call) {
    const std::int64_t axis = call.name == "fliplr" ? 1 : 0;
    call.give(flipped(call.graph, call.tensor(call.id(0)), axis));
}

/// By quarters, from the first of two axes towards the second.
void turned(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto input = call.id(0);
    const auto axes = call.axes("dims", input);
    const auto quarters = (call.integer("k", 1) % 4 + 4) % 4;
    auto value = call.tensor(input);
    if (quarters == 1 || quarters == 2) value = flipped(graph, value, axes.at(1));
    if (quarters == 2 || quarters == 3) value = flipped(graph, value, axes.at(0));
    if (quarters % 2 == 0) return call.give(graph.add("Identity", {value}));
    Integers order;
    for (std::int64_t axis = 0; axis < call.rank(input); ++axis) order.push_back(axis);
    std::swap(order[static_cast<std::size_t>(axes[0])], order[static_cast<std::size_t>(axes[1])]);
    call.give(graph.transpose(value, order));
}

/// Sums over pairs of axes; the others of the first come before those of the second.
void contracted(const OnnxCall& call, const Integers& ofFirst, const Integers& ofSecond) {
    std::string first, second, rest;
    for (std::int64_t axis = 0; axis < call.rank(call.id(0)); ++axis)
        first += static_cast<char>('a' + axis);
    for (std::int64_t axis = 0; axis < call.rank(call.id(1)); ++axis)
        second += static_cast<char>('n' + axis);
    for (std::size_t i = 0; i < ofFirst.size(); ++i) {
        second.at(static_cast<std::size_t>(ofSecond.at(i))) =
            first.at(static_cast<std::size_t>(ofFirst[i]));
    }
    for (const char letter : first + second) {
        const bool isSummed =
            first.find(letter) != std::string::npos && second.find(letter) != std::string::npos;
        if (!isSummed) rest += letter;
    }
    call.give(call.graph.add("Einsum", {call.tensor(call.id(0)), call.tensor(call.id(1))},
                             {{"equation", cat(first, ",", second, "->", rest)}}));
}

void inner(const OnnxCall& call) {
    const auto ranks = std::pair(call.rank(call.id(0)), call.rank(call.id(1)));
    if (ranks.first == 0 || ranks.second == 0) throw Unmapped("one of its tensors is a number");
    contracted(call, {ranks.first - 1}, {ranks.second - 1});
}

void tensordot(const OnnxCall& call) {
    if (call.integers("dims_self").empty()) throw Unmapped("it sums over nothing");
    contracted(call, call.axes("dims_self", call.id(0)), call.axes("dims_other", call.id(1)));
}

void stretched(const OnnxCall& call) {
    const auto tensors = call.list("tensors");
    const auto outputs = call.outputs();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const auto shape = call.graph.counts(call.seen.dims(outputs[i]));
        call.give(outputs[i], call.graph.add("Expand", {call.tensor(tensors.at(i)), shape}));
    }
}

constexpr std::array kMappings = {
    NamedMapping{"glu", gated},
    NamedMapping{"hstack vstack dstack column_stack row_stack", joinAlong},
    NamedMapping{"hsplit vsplit dsplit", splitAlong},
    NamedMapping{"fliplr flipud", mirrored},
    NamedMapping{"rot90", turned},
    NamedMapping{"inner", inner},
    NamedMapping{"tensordot", tensordot},
    NamedMapping{"broadcast_tensors", stretched},
};

}  // namespace

std::span<const NamedMapping> compositeMappings() {
    return kMappings;
}

}  // namespace espalier::exchange
