// SPDX-License-Identifier: GPL-3.0-or-later
// Tensors made of numbers, whose shape follows from the batch size; all others are constants.
#include <array>

#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

void filled(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto output = call.output();
    const auto type = call.type(output);
    std::string value;
    if (call.name.find("full") != std::string::npos) {
        value = call.operand(call.argument("fill_value"), type);
    } else {
        value = graph.scalar(call.name.find("one") != std::string::npos ? 1 : 0, type);
    }
    call.give(graph.add("Expand", {value, graph.counts(call.seen.dims(output))}));
}

void range(const OnnxCall& call) {
    const auto type = call.type(call.output());
    const auto bound = [&](std::string_view argument, double otherwise) {
        const auto place = call.argument(argument);
        return place < 0 ? call.graph.scalar(otherwise, type) : call.operand(place, type);
    };
    call.give(call.graph.add("Range", {bound("start", 0), bound("end", 0), bound("step", 1)}));
}

constexpr std::array kMappings = {
    NamedMapping{"zeros ones full empty zeros_like ones_like full_like empty_like new_zeros "
                 "new_ones new_full new_empty zero",
                 filled},
    NamedMapping{"arange", range},
};

}  // namespace

std::span<const NamedMapping> creationMappings() {
    return kMappings;
}

}  // namespace espalier::exchange
