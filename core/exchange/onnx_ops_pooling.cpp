// SPDX-License-Identifier: GPL-3.0-or-later
// Pooling, resizing, padding.
#include <algorithm>
#include <array>

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "core/base/format.h"
#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

/// Sizes of the last `axes` axes.
Integers spaceOf(const OnnxCall& call, ValueId id, std::size_t axes) {
    Integers sizes;
    const auto first = call.rank(id) - static_cast<std::int64_t>(axes);
    for (std::size_t i = 0; i < axes; ++i) {
        sizes.push_back(call.fixedSize(id, first + static_cast<std::int64_t>(i)));
    }
    return sizes;
}

/// How many axes "max_pool2d" and the like work on.
std::size_t spaceAxes(const OnnxCall& call) {
    for (std::size_t axes = 1; axes <= 3; ++axes) {
        if (call.name.find(cat(axes, "d")) != std::string::npos) return axes;
    }
    throw Unmapped("its axes are not known");
}

/// With the axes of batch and channel that ONNX wants.
std::string batched(const OnnxCall& call, ValueId input, std::size_t axes) {
    const auto value = call.tensor(input);
    if (at(call.rank(input)) == axes + 2) return value;
    return call.graph.add("Unsqueeze", {value, call.graph.constant(Integers{0})});
}

void giveUnbatched(const OnnxCall& call, std::string value, std::size_t axes) {
    const auto output = call.output();
    if (at(call.rank(output)) != axes + 2)
        value = call.graph.add("Squeeze", {value, call.graph.constant(Integers{0})});
    call.give(output, value);
}

struct Window {
    Integers kernel, stride, dilation, before, after;
};

/// `after` is such that as many windows fit as PyTorch takes, which is one more with ceil_mode.
Window windowOf(const OnnxCall& call, std::size_t axes) {
    Window window;
    window.kernel = call.integers("kernel_size", axes, 1);
    window.stride = call.integers("stride");
    if (window.stride.empty()) window.stride = window.kernel;
    window.stride.resize(axes, window.stride[0]);
    window.dilation = call.integers("dilation", axes, 1);
    window.before = call.integers("padding", axes, 0);
    window.after = window.before;
    const auto in = spaceOf(call, call.id(0), axes);
    const auto out = spaceOf(call, call.output(), axes);
    for (std::size_t i = 0; i < axes; ++i) {
        const auto reach =
            (out[i] - 1) * window.stride[i] + window.dilation[i] * (window.kernel[i] - 1) + 1;
        window.after[i] = std::max(window.after[i], reach - in[i] - window.before[i]);
    }
    return window;
}

Integers joined(Integers a, const Integers& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

void maxPool(const OnnxCall& call) {
    const auto axes = spaceAxes(call);
    const auto window = windowOf(call, axes);
    const auto value = call.graph.add("MaxPool", {batched(call, call.id(0), axes)},
                                      {{"kernel_shape", window.kernel},
                                       {"strides", window.stride},
                                       {"dilations", window.dilation},
                                       {"pads", joined(window.before, window.after)}});
    giveUnbatched(call, value, axes);
}

void averagePool(const OnnxCall& call) {
    const auto axes = spaceAxes(call);
    auto window = windowOf(call, axes);
    if (!call.given("divisor_override").isNone()) throw Unmapped("it has a divisor of its own");
    auto value = batched(call, call.id(0), axes);
    const auto padding = call.integers("padding", axes, 0);
    const bool countsPadding =
        call.argument("count_include_pad") < 0 || call.flag("count_include_pad");
    const bool isPadded = std::ranges::any_of(padding, [](auto p) { return p != 0; });
    if (countsPadding && isPadded) {  // what is beyond the padding is never counted
        value = call.graph.add(
            "Pad",
            {value, call.graph.constant(joined(joined({0, 0}, padding), joined({0, 0}, padding)))});
        for (std::size_t i = 0; i < axes; ++i) {
            window.before[i] = 0;
            window.after[i] -= padding[i];
        }
    }
    value = call.graph.add("AveragePool", {value},
                           {{"kernel_shape", window.kernel},
                            {"strides", window.stride},
                            {"pads", joined(window.before, window.after)}});
    giveUnbatched(call, value, axes);
}

/// [in, out]: column o averages the inputs that PyTorch's window o covers.
at::Tensor averagingMatrix(std::int64_t in, std::int64_t out) {
    auto matrix = at::zeros({in, out});
    for (std::int64_t o = 0; o < out; ++o) {
        const auto begin = o * in / out;
        const auto end = ((o + 1) * in + out - 1) / out;
        matrix.slice(0, begin, end).select(1, o).fill_(1.0 / static_cast<double>(end - begin));
    }
    return matrix;
}

void adaptivePool(const OnnxCall& call) {
    const auto axes = spaceAxes(call);
    const bool isMax = call.name.find("max") != std::string::npos;
    const auto in = spaceOf(call, call.id(0), axes);
    const auto out = spaceOf(call, call.output(), axes);
    auto value = batched(call, call.id(0), axes);
    bool isEven = true;
    Integers kernel;
    for (std::size_t i = 0; i < axes; ++i) {
        isEven = isEven && in[i] % out[i] == 0;
        kernel.push_back(in[i] / out[i]);
    }
    if (std::ranges::all_of(out, [](auto size) { return size == 1; })) {
        value = call.graph.add(isMax ? "GlobalMaxPool" : "GlobalAveragePool", {value});
    } else if (isEven) {
        value = call.graph.add(isMax ? "MaxPool" : "AveragePool", {value},
                               {{"kernel_shape", kernel}, {"strides", kernel}});
    } else if (!isMax && axes <= 2) {
        const auto type = call.type(call.id(0));
        const auto matrix = [&](std::size_t axis) {
            return averagingMatrix(in[axis], out[axis]).to(type);
        };
        value = call.graph.add("MatMul", {value, call.graph.constant(matrix(axes - 1))});
        if (axes == 2)
            value = call.graph.add("MatMul", {call.graph.constant(matrix(0).t()), value});
    } else {
        throw Unmapped("its windows are of different sizes");
    }
    giveUnbatched(call, value, axes);
}

void resize(const OnnxCall& call) {
    const bool isNearest = call.name.find("nearest") != std::string::npos;
    const bool isExact = call.name.find("exact") != std::string::npos;
    const bool isCubic = call.name.find("bicubic") != std::string::npos;
    if (call.name.find("_aa") != std::string::npos) throw Unmapped("it is anti-aliased");
    OnnxAttributes attributes{
        {"mode", std::string(isNearest ? "nearest" : (isCubic ? "cubic" : "linear"))}};
    std::string coordinates = isNearest && !isExact ? "asymmetric" : "half_pixel";
    if (call.flag("align_corners")) coordinates = "align_corners";
    attributes.push_back({"coordinate_transformation_mode", coordinates});
    if (isNearest)
        attributes.push_back(
            {"nearest_mode", std::string(isExact ? "round_prefer_ceil" : "floor")});
    if (isCubic) attributes.push_back({"cubic_coeff_a", -0.75});

    const auto input = call.id(0);
    const auto factors = call.given("scale_factors");
    std::string sizes;
    std::string scales;
    if (factors.isNone()) {
        sizes = call.graph.counts(call.seen.dims(call.output()));
    } else {
        std::vector<float> values{1, 1};
        for (const auto& factor : factors.toListRef())
            values.push_back(static_cast<float>(factor.toDouble()));
        scales = call.graph.constant(at::tensor(values));
    }
    call.give(call.graph.add("Resize", {call.tensor(input), "", scales, sizes}, attributes));
}

void pad(const OnnxCall& call) {
    const auto input = call.id(0);
    auto mode = call.text("mode");
    if (call.name.starts_with("reflection")) mode = "reflect";
    if (call.name.starts_with("replication")) mode = "replicate";
    if (mode.empty()) mode = "constant";
    if (mode == "circular") throw Unmapped("ONNX pads in circles from opset 19 on");
    const auto argument = call.argument("pad") >= 0 ? "pad" : "padding";
    const auto given = call.integers(argument);
    const auto rank = at(call.rank(input));
    Integers pads(2 * rank, 0);
    for (std::size_t i = 0; i < given.size() / 2; ++i) {
        pads[rank - 1 - i] = given[2 * i];
        pads[2 * rank - 1 - i] = given[2 * i + 1];
    }
    const auto value = call.graph.scalar(call.real("value"), call.type(input));
    const std::string onnxMode = mode == "replicate" ? "edge" : mode;
    call.give(call.graph.add(
        "Pad",
        {call.tensor(input), call.graph.constant(pads), mode == "constant" ? value : std::string()},
        {{"mode", onnxMode}}));
}

constexpr std::array kMappings = {
    NamedMapping{"max_pool1d max_pool2d max_pool3d max_pool2d_with_indices "
                 "max_pool1d_with_indices max_pool3d_with_indices",
                 maxPool},
    NamedMapping{"avg_pool1d avg_pool2d avg_pool3d", averagePool},
    NamedMapping{"adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d "
                 "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d",
                 adaptivePool},
    NamedMapping{"upsample_nearest1d upsample_nearest2d upsample_nearest3d "
                 "_upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_nearest_exact3d "
                 "upsample_linear1d upsample_bilinear2d upsample_trilinear3d upsample_bicubic2d",
                 resize},
    NamedMapping{"pad constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d "
                 "replication_pad1d replication_pad2d replication_pad3d",
                 pad},
};

}  // namespace

std::span<const NamedMapping> poolingMappings() {
    return kMappings;
}

}  // namespace espalier::exchange
