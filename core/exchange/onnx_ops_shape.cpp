// SPDX-License-Identifier: GPL-3.0-or-later
// What moves elements without looking at them: reshape, permute, expand, shuffles, windows.
#include <algorithm>
#include <array>
#include <numeric>

#include <ATen/ops/arange.h>

#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

void reshape(const OnnxCall& call) {
    const auto input = call.id(0);
    const auto output = call.output();
    const auto value = call.tensor(input);
    if (call.shape(input) == call.shape(output))
        return call.give(call.graph.add("Identity", {value}));
    call.give(call.graph.reshape(value, call.seen.dims(output)));
}

Integers straight(std::int64_t rank) {
    Integers order(at(rank));
    std::iota(order.begin(), order.end(), 0);
    return order;
}

void permute(const OnnxCall& call) {
    const auto input = call.id(0);
    auto order = straight(call.rank(input));
    if (call.name == "permute") {
        order = call.axes("dims", input);
    } else if (call.name == "movedim" || call.name == "moveaxis") {
        const auto from = call.axes(call.argument("source") >= 0 ? "source" : "dim", input);
        const auto to = call.axes("destination", input);
        Integers rest;
        for (const auto axis : order) {
            if (std::ranges::find(from, axis) == from.end()) rest.push_back(axis);
        }
        std::size_t next = 0;
        for (std::size_t place = 0; place < order.size(); ++place) {
            const auto moved = std::ranges::find(to, static_cast<std::int64_t>(place));
            order[place] = moved == to.end() ? rest[next++] : from[at(moved - to.begin())];
        }
    } else if (call.name == "t" || call.name == "numpy_T") {
        std::ranges::reverse(order);
    } else if (call.name == "mT") {
        std::swap(order[order.size() - 1], order[order.size() - 2]);
    } else {
        const bool isSwap = call.argument("axis0") >= 0;
        std::swap(order[at(call.axis(isSwap ? "axis0" : "dim0", input))],
                  order[at(call.axis(isSwap ? "axis1" : "dim1", input))]);
    }
    const auto value = call.graph.transpose(call.tensor(input), order);
    call.give(value);
}

void expand(const OnnxCall& call) {
    call.give(call.graph.add(
        "Expand", {call.tensor(call.id(0)), call.graph.counts(call.seen.dims(call.output()))}));
}

void repeat(const OnnxCall& call) {
    const auto input = call.id(0);
    auto times = call.counts(call.argument("repeats") >= 0 ? "repeats" : "dims");
    auto shape = call.seen.dims(input);
    auto value = call.tensor(input);
    if (times.size() > shape.size()) {
        shape.insert(shape.begin(), times.size() - shape.size(), Count{0, 1});
        value = call.graph.reshape(value, shape);
    }
    times.insert(times.begin(), shape.size() - times.size(), Count{0, 1});
    call.give(call.graph.add("Tile", {value, call.graph.counts(times)}));
}

/// Positions of one axis taken by a constant list.
std::string taken(const OnnxCall& call, const std::string& value, std::int64_t axis,
                  const at::Tensor& positions) {
    return call.graph.add("Gather", {value, call.graph.constant(positions)}, {{"axis", axis}});
}

void repeatInterleave(const OnnxCall& call) {
    const auto input = call.id(0);
    if (call.has("repeats")) throw Unmapped("each element is repeated its own number of times");
    const bool isFlat = call.given("dim").isNone();
    const auto axis = isFlat ? 0 : call.axis("dim", input);
    auto value = call.tensor(input);
    if (isFlat) value = call.graph.add("Reshape", {value, call.graph.constant(Integers{-1})});
    const auto size = call.fixedSize(call.output(), axis);
    const auto times = call.integer("repeats", 1);
    call.give(taken(call, value, axis, at::arange(size).floor_divide(times)));
}

void flip(const OnnxCall& call) {
    const auto input = call.id(0);
    auto value = call.tensor(input);
    for (const auto axis : call.axes("dims", input)) {
        value = call.graph.add(
            "Slice",
            {value, call.graph.constant(Integers{-1}), call.graph.constant(Integers{-(1LL << 31)}),
             call.graph.constant(Integers{axis}), call.graph.constant(Integers{-1})});
    }
    call.give(value);
}

void roll(const OnnxCall& call) {
    const auto input = call.id(0);
    const auto shifts = call.integers("shifts");
    if (call.integers("dims").empty()) throw Unmapped("it rolls over all axes as one");
    const auto axes = call.axes("dims", input);
    auto value = call.tensor(input);
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto size = call.fixedSize(input, axes[i]);
        const auto cut = ((-shifts[i] % size) + size) % size;
        if (cut == 0) continue;
        value = call.graph.add("Concat",
                               {call.graph.slice(value, axes[i], {0, cut}, {0, size}),
                                call.graph.slice(value, axes[i], {0, 0}, {0, cut})},
                               {{"axis", axes[i]}});
    }
    call.give(value);
}

/// Through one reshape, a permutation and the output's shape.
void shuffled(const OnnxCall& call, const std::vector<Count>& apart, Integers order) {
    auto value = call.graph.reshape(call.tensor(call.id(0)), apart);
    value = call.graph.transpose(value, std::move(order));
    call.give(call.graph.reshape(value, call.seen.dims(call.output())));
}

void pixelShuffle(const OnnxCall& call) {
    const auto dims = call.seen.dims(call.id(0));
    if (dims.size() != 4) throw Unmapped("its input has other than four axes");
    const auto channels = call.fixedSize(call.id(0), 1);
    if (call.name == "pixel_shuffle") {
        const auto r = call.integer("upscale_factor", 1);
        return shuffled(call, {dims[0], {0, channels / (r * r)}, {0, r}, {0, r}, dims[2], dims[3]},
                        {0, 1, 4, 2, 5, 3});
    }
    const auto r = call.integer("downscale_factor", 1);
    const auto height = call.fixedSize(call.id(0), 2);
    const auto width = call.fixedSize(call.id(0), 3);
    shuffled(call, {dims[0], dims[1], {0, height / r}, {0, r}, {0, width / r}, {0, r}},
             {0, 1, 3, 5, 2, 4});
}

void channelShuffle(const OnnxCall& call) {
    const auto dims = call.seen.dims(call.id(0));
    const auto groups = call.integer("groups", 1);
    std::vector<Count> apart{dims[0], {0, groups}, {0, call.fixedSize(call.id(0), 1) / groups}};
    apart.insert(apart.end(), dims.begin() + 2, dims.end());
    auto order = straight(static_cast<std::int64_t>(apart.size()));
    std::swap(order[1], order[2]);
    shuffled(call, apart, order);
}

/// [windows, size]: where each window's elements lie.
at::Tensor windows(std::int64_t count, std::int64_t step, std::int64_t size,
                   std::int64_t dilation) {
    return (at::arange(count) * step).unsqueeze(1) + (at::arange(size) * dilation).unsqueeze(0);
}

void unfold(const OnnxCall& call) {
    const auto input = call.id(0);
    const auto axis = call.axis("dimension", input);
    const auto size = call.integer("size", 1);
    const auto count = call.fixedSize(call.output(), axis);
    const auto value =
        taken(call, call.tensor(input), axis, windows(count, call.integer("step", 1), size, 1));
    auto order = straight(call.rank(input) + 1);
    order.erase(order.begin() + axis + 1);
    order.push_back(axis + 1);
    call.give(call.graph.transpose(value, order));
}

/// [N, C, H, W] to [N, C × kernel, windows].
void imageToColumns(const OnnxCall& call) {
    const auto input = call.id(0);
    if (call.rank(input) != 4) throw Unmapped("its input has no batch");
    const auto kernel = call.integers("kernel_size", 2, 1);
    const auto dilation = call.integers("dilation", 2, 1);
    const auto padding = call.integers("padding", 2, 0);
    const auto stride = call.integers("stride", 2, 1);
    auto value = call.graph.add(
        "Pad", {call.tensor(input), call.graph.constant(Integers{0, 0, padding[0], padding[1], 0, 0,
                                                                 padding[0], padding[1]})});
    const auto steps = [&](std::size_t i) {
        const auto size = call.fixedSize(input, static_cast<std::int64_t>(i) + 2) + 2 * padding[i];
        return (size - dilation[i] * (kernel[i] - 1) - 1) / stride[i] + 1;
    };
    // [N, C, rows, kernel rows, W], then [N, C, rows, kernel rows, columns, kernel columns]
    value = taken(call, value, 2, windows(steps(0), stride[0], kernel[0], dilation[0]));
    value = taken(call, value, 4, windows(steps(1), stride[1], kernel[1], dilation[1]));
    value = call.graph.transpose(value, {0, 1, 3, 5, 2, 4});
    call.give(call.graph.reshape(value, call.seen.dims(call.output())));
}

constexpr std::array kMappings = {
    NamedMapping{"view reshape flatten unflatten squeeze unsqueeze view_as reshape_as _unsafe_view",
                 reshape},
    NamedMapping{"permute transpose t numpy_T mT swapaxes swapdims movedim moveaxis", permute},
    NamedMapping{"expand expand_as broadcast_to", expand},
    NamedMapping{"repeat tile", repeat},
    NamedMapping{"repeat_interleave", repeatInterleave},
    NamedMapping{"flip", flip},
    NamedMapping{"roll", roll},
    NamedMapping{"pixel_shuffle pixel_unshuffle", pixelShuffle},
    NamedMapping{"channel_shuffle", channelShuffle},
    NamedMapping{"unfold", unfold},
    NamedMapping{"im2col", imageToColumns},
};

}  // namespace

std::span<const NamedMapping> shapeMappings() {
    return kMappings;
}

}  // namespace espalier::exchange
