// SPDX-License-Identifier: GPL-3.0-or-later
// What works along an axis or by indices: slice, cat, split, index, gather, scatter.
#include <algorithm>
#include <array>

#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

/// A place along an axis, counted from its front and within it.
Count placed(Count place, Count size) {
    if (place.isFixed() && place.rest < 0) place = {size.perSample, size.rest + place.rest};
    if (place.isFixed() && size.isFixed())
        place.rest = std::clamp<std::int64_t>(place.rest, 0, size.rest);
    return place;
}

void slice(const OnnxCall& call) {
    const auto input = call.id(0);
    const auto axis = call.axis("dim", input);
    const Count size = call.seen.dims(input)[at(axis)];
    const auto start = call.counts("start");
    const bool isNarrow = call.name == "narrow";
    const auto end = isNarrow ? std::vector<Count>{} : call.counts("end");
    const Count begin = start.empty() ? Count{0, 0} : placed(start[0], size);
    Count stop = size;
    if (isNarrow) {
        stop = {begin.perSample, begin.rest + call.integer("length")};
    } else if (!end.empty() && (!end[0].isFixed() || end[0].rest < (std::int64_t{1} << 62))) {
        stop = placed(end[0], size);
    }
    const auto value = call.tensor(input);
    if (begin == Count{0, 0} && stop == size && call.integer("step", 1) == 1)
        return call.give(call.graph.add("Identity", {value}));
    call.give(call.graph.slice(value, axis, begin, stop, call.integer("step", 1)));
}

void select(const OnnxCall& call) {
    const auto input = call.id(0);
    const auto axis = call.axis("dim", input);
    const Count index = placed(call.counts("index").at(0), call.seen.dims(input)[at(axis)]);
    call.give(call.graph.add("Gather", {call.tensor(input), call.graph.count(index, at::kLong)},
                             {{"axis", axis}}));
}

std::vector<std::string> namesOf(const OnnxCall& call, const std::vector<ValueId>& ids) {
    std::vector<std::string> names;
    for (const ValueId id : ids) {
        if (call.shape(id) == std::vector<std::int64_t>{0}) continue;  // PyTorch leaves these out
        names.push_back(call.tensor(id, call.type(call.output())));
    }
    return names;
}

void concatenate(const OnnxCall& call) {
    const auto axis = call.axis("dim", call.output());
    call.give(call.graph.add("Concat", namesOf(call, call.list("tensors")), {{"axis", axis}}));
}

void stack(const OnnxCall& call) {
    const auto axis = call.axis("dim", call.output());
    const auto place = call.graph.constant(Integers{axis});
    auto names = namesOf(call, call.list("tensors"));
    for (auto& name : names) name = call.graph.add("Unsqueeze", {name, place});
    call.give(call.graph.add("Concat", names, {{"axis", axis}}));
}

/// One slice for each output; unbind drops the axis.
void split(const OnnxCall& call) {
    const auto input = call.id(0);
    const auto axis = call.axis("dim", input);
    const auto value = call.tensor(input);
    const bool isUnbind = call.name == "unbind";
    Count begin;
    for (const ValueId id : call.outputs()) {
        const Count size = isUnbind ? Count{0, 1} : call.seen.dims(id)[at(axis)];
        const Count end{begin.perSample + size.perSample, begin.rest + size.rest};
        auto part = call.graph.slice(value, axis, begin, end);
        if (isUnbind) part = call.graph.add("Squeeze", {part, call.graph.constant(Integers{axis})});
        call.give(id, part);
        begin = end;
    }
}

/// What x[…] is given for each axis: a tensor, or nothing.
std::vector<ValueId> indicesOf(const OnnxCall& call) {
    const auto place = call.argument("indices");
    const auto& list = call.seen.value(call.step.inputs[at(place)]);
    const auto& tensors = list.elements;
    const auto* node = call.step.node->input(at(place))->node();
    if (node->kind() != c10::prim::ListConstruct) {
        if (tensors.size() != 1) throw Unmapped("the axes of its indices are not known");
        return tensors;
    }
    std::vector<ValueId> indices;
    std::size_t next = 0;
    for (const auto* item : node->inputs()) {
        const bool isNone = item->type()->kind() == c10::TypeKind::NoneType || item->mustBeNone();
        indices.push_back(isNone || next >= tensors.size() ? -1 : tensors[next++]);
    }
    if (next != tensors.size()) throw Unmapped("the axes of its indices are not known");
    return indices;
}

std::string asLong(const OnnxCall& call, ValueId id) {
    if (call.type(id) == at::kBool || call.type(id) == at::kByte)
        throw Unmapped("a mask decides how much it takes");
    return call.tensor(id, at::kLong);
}

/// Several indices together: their axes go first, GatherND takes, and the result's axes go to where
/// the indices were when these lie side by side.
void indexSeveral(const OnnxCall& call, const std::vector<ValueId>& indices) {
    auto& graph = call.graph;
    const auto input = call.id(0);
    Integers indexed;
    Integers rest;
    for (std::int64_t axis = 0; axis < call.rank(input); ++axis) {
        const bool isIndexed = at(axis) < indices.size() && indices[at(axis)] >= 0;
        (isIndexed ? indexed : rest).push_back(axis);
    }
    std::int64_t rank = 0;
    for (const auto axis : indexed) rank = std::max(rank, call.rank(indices[at(axis)]));
    const bool isTogether =
        indexed.back() - indexed.front() + 1 == static_cast<std::int64_t>(indexed.size());
    const auto first = isTogether ? indexed.front() : 0;
    const auto dims = call.seen.dims(call.output());
    const std::vector<Count> shape(dims.begin() + first, dims.begin() + first + rank);
    std::vector<std::string> places;
    for (const auto axis : indexed) {
        auto index = graph.add("Expand", {asLong(call, indices[at(axis)]), graph.counts(shape)});
        places.push_back(graph.add("Unsqueeze", {index, graph.constant(Integers{-1})}));
    }
    auto order = indexed;
    order.insert(order.end(), rest.begin(), rest.end());
    auto value = graph.add("GatherND", {graph.transpose(call.tensor(input), order),
                                        graph.add("Concat", places, {{"axis", std::int64_t{-1}}})});
    Integers back;
    for (std::int64_t i = 0; i < first; ++i) back.push_back(rank + i);
    for (std::int64_t i = 0; i < rank; ++i) back.push_back(i);
    for (auto i = rank + first; i < rank + static_cast<std::int64_t>(rest.size()); ++i)
        back.push_back(i);
    call.give(graph.transpose(value, back));
}

void index(const OnnxCall& call) {
    const auto indices = indicesOf(call);
    const auto isGiven = [](ValueId id) { return id >= 0; };
    if (std::ranges::count_if(indices, isGiven) != 1) return indexSeveral(call, indices);
    const auto axis = std::ranges::find_if(indices, isGiven) - indices.begin();
    call.give(call.graph.add("Gather", {call.tensor(call.id(0)), asLong(call, indices[at(axis)])},
                             {{"axis", static_cast<std::int64_t>(axis)}}));
}

void indexSelect(const OnnxCall& call) {
    const auto input = call.id(0);
    call.give(call.graph.add("Gather", {call.tensor(input), call.tensor("index")},
                             {{"axis", call.axis("dim", input)}}));
}

void gather(const OnnxCall& call) {
    const auto input = call.id(0);
    const auto name = call.name == "gather" ? "index" : "indices";
    call.give(call.graph.add("GatherElements", {call.tensor(input), call.tensor(name)},
                             {{"axis", call.axis("dim", input)}}));
}

void scatter(const OnnxCall& call) {
    const auto input = call.id(0);
    const auto type = call.type(call.output());
    OnnxAttributes attributes{{"axis", call.axis("dim", input)}};
    const auto reduce = call.text("reduce");
    const bool isSum = call.name == "scatter_add" || reduce == "add" || reduce == "sum";
    if (isSum) attributes.push_back({"reduction", std::string("add")});
    if (!isSum && !reduce.empty()) throw Unmapped("it combines what meets otherwise than by sums");
    const auto place = call.argument("src") >= 0 ? call.argument("src") : call.argument("value");
    auto source = call.operand(place, type);
    const auto index = call.id("index");
    if (call.id(place) < 0) {
        source = call.graph.add("Expand", {source, call.graph.counts(call.seen.dims(index))});
    } else if (call.shape(call.id(place)) != call.shape(index)) {
        throw Unmapped("its source is larger than its index");
    }
    call.give(call.graph.add("ScatterElements",
                             {call.tensor(input, type), call.tensor(index), source}, attributes));
}

void indexAdd(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto input = call.id(0);
    const auto axis = call.axis("dim", input);
    const auto source = call.id("source");
    if (call.real("alpha", 1) != 1) throw Unmapped("what it adds is scaled");
    Integers around;
    for (std::int64_t i = 0; i < call.rank(input); ++i) {
        if (i != axis) around.push_back(i);
    }
    auto places = call.tensor("index");
    if (!around.empty()) places = graph.add("Unsqueeze", {places, graph.constant(around)});
    places = graph.add("Expand", {places, graph.counts(call.seen.dims(source))});
    call.give(graph.add("ScatterElements", {call.tensor(input), places, call.tensor(source)},
                        {{"axis", axis}, {"reduction", std::string("add")}}));
}

void triangle(const OnnxCall& call) {
    const auto diagonal =
        call.graph.scalar(static_cast<double>(call.integer("diagonal")), at::kLong);
    call.give(call.graph.add("Trilu", {call.tensor(call.id(0)), diagonal},
                             {{"upper", std::int64_t{call.name == "triu"}}}));
}

constexpr std::array kMappings = {
    NamedMapping{"slice narrow", slice},
    NamedMapping{"select", select},
    NamedMapping{"cat concat concatenate", concatenate},
    NamedMapping{"stack", stack},
    NamedMapping{"split split_with_sizes chunk unbind tensor_split unsafe_split unsafe_chunk",
                 split},
    NamedMapping{"index", index},
    NamedMapping{"index_select", indexSelect},
    NamedMapping{"gather take_along_dim", gather},
    NamedMapping{"scatter scatter_add", scatter},
    NamedMapping{"index_add", indexAdd},
    NamedMapping{"tril triu", triangle},
};

}  // namespace

std::span<const NamedMapping> axisMappings() {
    return kMappings;
}

}  // namespace espalier::exchange
