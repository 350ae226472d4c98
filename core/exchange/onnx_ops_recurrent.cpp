// SPDX-License-Identifier: GPL-3.0-or-later
// Recurrent layers. ONNX has the gates in another order and both directions in one tensor, so their
// weights are made anew: they do not keep their names. Cells are written out, so theirs do.
#include <array>

#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include "core/exchange/onnx_call_torch.h"

namespace espalier::exchange {

namespace {

/// The gates of a weight [gates × hidden, …] in ONNX's order: LSTM i f g o to i o f c, GRU r z n to
/// z r h.
at::Tensor reordered(const at::Tensor& weight, const std::string& op) {
    if (op == "RNN") return weight;
    const auto parts = weight.chunk(op == "LSTM" ? 4 : 3, 0);
    if (op == "LSTM") return at::cat({parts[0], parts[3], parts[1], parts[2]});
    return at::cat({parts[1], parts[0], parts[2]});
}

/// One direction of one layer: weights of the input and of the hidden state, both biases.
struct Direction {
    at::Tensor input, hidden, bias;
};

struct Layers {
    std::string op;
    std::vector<ValueId> weights;
    bool hasBias = true;
    std::size_t directions = 1;
    std::size_t count = 1;
};

Direction directionOf(const OnnxCall& call, const Layers& layers, std::size_t number) {
    const std::size_t each = layers.hasBias ? 4 : 2;
    const auto constant = [&](std::size_t i) {
        const ValueId id = layers.weights.at(number * each + i);
        return reordered(call.constant(id), layers.op);
    };
    const auto input = constant(0);
    const auto hidden = constant(1);
    if (layers.weights.size() > layers.directions * layers.count * each)
        throw Unmapped("its hidden state is projected");
    if (layers.hasBias) return {input, hidden, at::cat({constant(2), constant(3)})};
    const auto none = at::zeros_like(input.select(1, 0));
    return {input, hidden, at::cat({none, none})};
}

/// [layers × directions, batch, hidden]: the part of one layer.
std::string stateOf(const OnnxCall& call, const std::string& states, const Layers& layers,
                    std::size_t layer) {
    const auto first = static_cast<std::int64_t>(layer * layers.directions);
    if (layers.count == 1) return states;
    return call.graph.slice(states, 0, {0, first},
                            {0, first + static_cast<std::int64_t>(layers.directions)});
}

void recurrent(const OnnxCall& call) {
    auto& graph = call.graph;
    Layers layers;
    layers.op = call.name == "lstm" ? "LSTM" : (call.name == "gru" ? "GRU" : "RNN");
    if (call.has("batch_sizes") || call.argument("data") >= 0)
        throw Unmapped("its sequences are packed");
    if (call.flag("train") && call.real("dropout") > 0) throw Unmapped("it is in training mode");
    layers.weights = call.list("params");
    layers.hasBias = call.flag("has_biases");
    layers.directions = call.flag("bidirectional") ? 2 : 1;
    layers.count = static_cast<std::size_t>(call.integer("num_layers", 1));
    const auto input = call.id("input");
    const auto type = call.type(input);
    if (call.rank(input) != 3) throw Unmapped("its input has no batch");
    const bool isBatchFirst = call.flag("batch_first");
    std::vector<std::string> states;
    if (layers.op == "LSTM") {
        for (const ValueId id : call.list("hx")) states.push_back(call.tensor(id));
    } else {
        states.push_back(call.tensor("hx"));
    }
    const auto outputs = call.outputs();
    const auto hidden = call.shape(outputs.at(1)).back();

    auto value = call.tensor(input);
    if (isBatchFirst) value = graph.transpose(value, {1, 0, 2});
    auto dims = call.seen.dims(outputs[0]);
    if (isBatchFirst) std::swap(dims[0], dims[1]);
    std::vector<std::vector<std::string>> last(states.size());
    for (std::size_t layer = 0; layer < layers.count; ++layer) {
        std::vector<at::Tensor> in, recurrent, bias;
        for (std::size_t d = 0; d < layers.directions; ++d) {
            const auto part = directionOf(call, layers, layer * layers.directions + d);
            in.push_back(part.input);
            recurrent.push_back(part.hidden);
            bias.push_back(part.bias);
        }
        OnnxAttributes attributes{
            {"hidden_size", hidden},
            {"direction", std::string(layers.directions == 2 ? "bidirectional" : "forward")}};
        if (call.name == "rnn_relu") {
            attributes.push_back(
                {"activations", std::vector<std::string>(layers.directions, "Relu")});
        }
        if (layers.op == "GRU") attributes.push_back({"linear_before_reset", std::int64_t{1}});
        std::vector<std::string> inputs{value, graph.constant(at::stack(in)),
                                        graph.constant(at::stack(recurrent)),
                                        graph.constant(at::stack(bias)), ""};
        for (const auto& state : states) inputs.push_back(stateOf(call, state, layers, layer));
        const auto made = graph.addMany(layers.op, inputs, attributes, 1 + states.size());
        // [time, directions, batch, hidden] to [time, batch, directions × hidden]
        value = graph.reshape(graph.transpose(made[0], {0, 2, 1, 3}), dims);
        for (std::size_t i = 0; i < states.size(); ++i) last[i].push_back(made[i + 1]);
    }
    if (isBatchFirst) value = graph.transpose(value, {1, 0, 2});
    call.give(outputs[0], type == call.type(outputs[0]) ? value : graph.cast(value, type));
    for (std::size_t i = 0; i < states.size(); ++i) {
        call.give(outputs.at(i + 1),
                  last[i].size() == 1 ? last[i][0]
                                      : graph.add("Concat", last[i], {{"axis", std::int64_t{0}}}));
    }
}

/// input @ weight.T + bias of all gates, one after the other; the weight keeps its shape and name.
std::string gatesOf(const OnnxCall& call, const std::string& input, std::string_view weight,
                    std::string_view bias) {
    return call.graph.add("Gemm", {input, call.tensor(weight), call.tensor(bias)},
                          {{"transB", std::int64_t{1}}});
}

std::vector<std::string> split(OnnxGraph& graph, const std::string& gates, std::size_t count) {
    return graph.addMany("Split", {gates}, {{"axis", std::int64_t{1}}}, count);
}

std::string sumOf(OnnxGraph& graph, const std::string& a, const std::string& b) {
    return graph.add("Add", {a, b});
}

/// c' = σ(f) c + σ(i) tanh(g), h' = σ(o) tanh(c')
void lstmCell(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto states = call.list("hx");
    const auto gates = split(graph,
                             sumOf(graph, gatesOf(call, call.tensor("input"), "w_ih", "b_ih"),
                                   gatesOf(call, call.tensor(states.at(0)), "w_hh", "b_hh")),
                             4);
    const auto sigmoid = [&](std::size_t gate) { return graph.add("Sigmoid", {gates[gate]}); };
    const auto kept = graph.add("Mul", {sigmoid(1), call.tensor(states.at(1))});
    const auto fresh = graph.add("Mul", {sigmoid(0), graph.add("Tanh", {gates[2]})});
    const auto cell = sumOf(graph, kept, fresh);
    call.give(call.outputs().at(0), graph.add("Mul", {sigmoid(3), graph.add("Tanh", {cell})}));
    call.give(call.outputs().at(1), cell);
}

/// n = tanh(x_n + σ(r) h_n), h' = n + σ(z) (h - n)
void gruCell(const OnnxCall& call) {
    auto& graph = call.graph;
    const auto hidden = call.tensor("hx");
    const auto x = split(graph, gatesOf(call, call.tensor("input"), "w_ih", "b_ih"), 3);
    const auto h = split(graph, gatesOf(call, hidden, "w_hh", "b_hh"), 3);
    const auto reset = graph.add("Sigmoid", {sumOf(graph, x[0], h[0])});
    const auto update = graph.add("Sigmoid", {sumOf(graph, x[1], h[1])});
    const auto fresh = graph.add("Tanh", {sumOf(graph, x[2], graph.add("Mul", {reset, h[2]}))});
    const auto difference = graph.add("Sub", {hidden, fresh});
    call.give(sumOf(graph, fresh, graph.add("Mul", {update, difference})));
}

void plainCell(const OnnxCall& call) {
    const auto sum = sumOf(call.graph, gatesOf(call, call.tensor("input"), "w_ih", "b_ih"),
                           gatesOf(call, call.tensor("hx"), "w_hh", "b_hh"));
    call.give(call.graph.add(call.name == "rnn_relu_cell" ? "Relu" : "Tanh", {sum}));
}

constexpr std::array kMappings = {
    NamedMapping{"lstm gru rnn_tanh rnn_relu", recurrent},
    NamedMapping{"lstm_cell", lstmCell},
    NamedMapping{"gru_cell", gruCell},
    NamedMapping{"rnn_tanh_cell rnn_relu_cell", plainCell},
};

}  // namespace

std::span<const NamedMapping> recurrentMappings() {
    return kMappings;
}

}  // namespace espalier::exchange
