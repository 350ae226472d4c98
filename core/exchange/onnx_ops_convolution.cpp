// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions: plain, transposed, grouped.
#include <array>

#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

/// Padding before all axes, then after all. Of what "same" needs PyTorch puts the odd one after.
Integers padding(const OnnxCall& call, std::size_t axes) {
    const auto kind = call.text("padding");
    if (kind.empty()) {
        auto pads = call.integers("padding", axes, 0);
        const auto before = pads;
        pads.insert(pads.end(), before.begin(), before.end());
        return pads;
    }
    Integers pads(2 * axes, 0);
    const auto dilation = call.integers("dilation", axes, 1);
    for (std::size_t i = 0; i < axes && kind == "same"; ++i) {
        const auto all = dilation[i] * (call.shape(call.id(1))[i + 2] - 1);
        pads[i] = all / 2;
        pads[axes + i] = all - all / 2;
    }
    return pads;
}

OnnxAttributes attributes(const OnnxCall& call, bool isTransposed, std::size_t axes) {
    OnnxAttributes result{{"strides", call.integers("stride", axes, 1)},
                          {"dilations", call.integers("dilation", axes, 1)},
                          {"group", call.integer("groups", 1)},
                          {"pads", padding(call, axes)}};
    if (isTransposed)
        result.push_back({"output_padding", call.integers("output_padding", axes, 0)});
    return result;
}

void convolution(const OnnxCall& call) {
    const auto input = call.id(0);
    const auto weight = call.id(1);
    const auto axes = static_cast<std::size_t>(call.rank(weight) - 2);
    const bool isTransposed = call.flag("transposed") || call.name.starts_with("conv_transpose");
    const bool isSingle = call.rank(input) + 1 == call.rank(weight);
    const auto first = call.graph.constant(Integers{0});
    auto value = call.tensor(input);
    if (isSingle) value = call.graph.add("Unsqueeze", {value, first});
    value = call.graph.add(isTransposed ? "ConvTranspose" : "Conv",
                           {value, call.tensor(weight), call.tensor("bias")},
                           attributes(call, isTransposed, axes));
    if (isSingle) value = call.graph.add("Squeeze", {value, first});
    call.give(value);
}

constexpr std::array kMappings = {
    NamedMapping{"conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d "
                 "convolution _convolution _convolution_mode",
                 convolution},
};

}  // namespace

std::span<const NamedMapping> convolutionMappings() {
    return kMappings;
}

}  // namespace espalier::exchange
