// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <string_view>

#include "core/measure/use_geometry_torch.h"

namespace espalier::measure {

namespace {

/// Where an operator has its numbers among its arguments; -1: it has none.
struct Signature {
    std::string_view op;
    int stride;
    int padding;
    int dilation;
    int groups;
    int transposed = -1;  ///< a flag
    bool isTransposed = false;
};

constexpr std::array kSignatures{
    Signature{"aten::conv1d", 3, 4, 5, 6},
    Signature{"aten::conv2d", 3, 4, 5, 6},
    Signature{"aten::conv3d", 3, 4, 5, 6},
    Signature{"aten::convolution", 3, 4, 5, 8, 6},
    Signature{"aten::_convolution", 3, 4, 5, 8, 6},
    Signature{"aten::_convolution_mode", 3, 4, 5, 6},
    Signature{"aten::conv_transpose1d", 3, 4, 7, 6, -1, true},
    Signature{"aten::conv_transpose2d", 3, 4, 7, 6, -1, true},
    Signature{"aten::conv_transpose3d", 3, 4, 7, 6, -1, true},
};

/// One number per spatial axis; a single one stands for all.
std::vector<std::int64_t> numbers(const c10::IValue& value, std::size_t axes) {
    if (value.isInt()) return std::vector(axes, value.toInt());
    auto list = value.toIntVector();
    return list.size() == 1 ? std::vector(axes, list.front()) : list;
}

/// "same" adds what the kernel takes away, the larger half behind; "valid" adds nothing.
void pad(Geometry& geometry, const c10::IValue& padding, at::IntArrayRef kernel) {
    const std::size_t axes = kernel.size();
    if (!padding.isString()) {
        geometry.paddingBefore = geometry.paddingAfter = numbers(padding, axes);
        return;
    }
    const bool isSame = padding.toStringRef() == "same";
    for (std::size_t axis = 0; axis < axes; ++axis) {
        const std::int64_t total = isSame ? geometry.dilation[axis] * (kernel[axis] - 1) : 0;
        geometry.paddingBefore.push_back(total / 2);
        geometry.paddingAfter.push_back(total - total / 2);
    }
}

}  // namespace

std::optional<ConvolutionCall> convolutionCall(const script::NodeEvent& event) {
    const std::string_view op = event.node->kind().toQualString();
    for (const Signature& signature : kSignatures) {
        if (signature.op != op) continue;
        const auto argument = [&](int index) {
            return event.inputs[static_cast<std::size_t>(index)];
        };
        const at::IntArrayRef kernel = argument(1).toTensor().sizes().slice(2);
        ConvolutionCall call;
        call.geometry.stride = numbers(argument(signature.stride), kernel.size());
        call.geometry.dilation = numbers(argument(signature.dilation), kernel.size());
        pad(call.geometry, argument(signature.padding), kernel);
        call.geometry.groups = argument(signature.groups).toInt();
        call.isTransposed = signature.isTransposed;
        if (signature.transposed >= 0) call.isTransposed = argument(signature.transposed).toBool();
        return call;
    }
    return std::nullopt;
}

}  // namespace espalier::measure
