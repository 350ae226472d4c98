// SPDX-License-Identifier: GPL-3.0-or-later
// Norms and softmax.
#include <array>

#include <ATen/ops/full.h>

#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

/// A weight or bias that was left out.
std::string all(const OnnxCall& call, double value, std::int64_t size) {
    return call.graph.constant(at::full({size}, value, at::TensorOptions(call.type(call.id(0)))));
}

/// [C] as [C, 1, 1 …], to go with values of `rank` axes.
std::string perChannel(const OnnxCall& call, const std::string& vector, std::int64_t rank) {
    Integers axes;
    for (std::int64_t i = 1; i < rank - 1; ++i) axes.push_back(i);
    if (axes.empty()) return vector;
    return call.graph.add("Unsqueeze", {vector, call.graph.constant(axes)});
}

std::string affine(const OnnxCall& call, std::string value, std::int64_t rank) {
    if (call.has("weight"))
        value = call.graph.add("Mul", {value, perChannel(call, call.tensor("weight"), rank)});
    if (call.has("bias"))
        value = call.graph.add("Add", {value, perChannel(call, call.tensor("bias"), rank)});
    return value;
}

std::string withStatistics(const OnnxCall& call) {
    const auto channels = call.fixedSize(call.id(0), 1);
    const auto weight = call.has("weight") ? call.tensor("weight") : all(call, 1, channels);
    const auto bias = call.has("bias") ? call.tensor("bias") : all(call, 0, channels);
    return call.graph.add("BatchNormalization",
                          {call.tensor(call.id(0)), weight, bias, call.tensor("running_mean"),
                           call.tensor("running_var")},
                          {{"epsilon", call.real("eps", 1e-5)}});
}

void batchNorm(const OnnxCall& call) {
    if (call.flag("training") || !call.has("running_mean"))
        throw Unmapped("it takes its statistics over the batch");
    call.give(withStatistics(call));
}

/// Groups of channels as the channels of an instance norm, whose scale and bias do nothing.
std::string groupwise(const OnnxCall& call, std::int64_t groups) {
    const auto input = call.id(0);
    const Count batch = call.seen.dims(input)[0];
    Count inGroup{0, 1};
    for (std::int64_t i = 1; i < call.rank(input); ++i) inGroup.rest *= call.fixedSize(input, i);
    inGroup.rest /= groups;
    auto value = call.graph.reshape(call.tensor(input), {batch, {0, groups}, inGroup});
    value =
        call.graph.add("InstanceNormalization", {value, all(call, 1, groups), all(call, 0, groups)},
                       {{"epsilon", call.real("eps", 1e-5)}});
    return call.graph.reshape(value, call.seen.dims(input));
}

void groupNorm(const OnnxCall& call) {
    call.give(affine(call, groupwise(call, call.integer("num_groups", 1)), call.rank(call.id(0))));
}

void instanceNorm(const OnnxCall& call) {
    if (!call.flag("use_input_stats")) return call.give(withStatistics(call));
    const auto channels = call.fixedSize(call.id(0), 1);
    call.give(affine(call, groupwise(call, channels), call.rank(call.id(0))));
}

void layerNorm(const OnnxCall& call) {
    const auto input = call.id(0);
    const auto shape = call.integers("normalized_shape");
    const auto axis = -static_cast<std::int64_t>(shape.size());
    const auto one = at::full(shape, 1.0, at::TensorOptions(call.type(input)));
    const auto weight = call.has("weight") ? call.tensor("weight") : call.graph.constant(one);
    const auto value =
        call.graph.add("LayerNormalization", {call.tensor(input), weight, call.tensor("bias")},
                       {{"axis", axis}, {"epsilon", call.real("eps", 1e-5)}});
    call.give(call.output(), value);
}

void softmax(const OnnxCall& call) {
    const auto type = call.type(call.output());
    const auto value = call.tensor(call.id(0), type);
    call.give(call.graph.add(call.name.find("log") != std::string::npos ? "LogSoftmax" : "Softmax",
                             {value}, {{"axis", call.axis("dim", call.id(0))}}));
}

constexpr std::array kMappings = {
    NamedMapping{"batch_norm", batchNorm},
    NamedMapping{"group_norm", groupNorm},
    NamedMapping{"instance_norm", instanceNorm},
    NamedMapping{"layer_norm native_layer_norm", layerNorm},
    NamedMapping{"softmax _softmax log_softmax _log_softmax", softmax},
};

}  // namespace

std::span<const NamedMapping> normalisationMappings() {
    return kMappings;
}

}  // namespace espalier::exchange
