// SPDX-License-Identifier: GPL-3.0-or-later
// LSTM, GRU and plain recurrent layers: gate rows are the hidden channels several times over.
#include <algorithm>
#include <array>

#include "core/base/format.h"
#include "core/channels/rules_torch.h"

namespace espalier::channels {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

/// The parameters of one layer in one direction; weights are [gates · hidden, width].
struct Cell {
    ValueId fromInput = -1;
    ValueId fromHidden = -1;
    std::vector<ValueId> biases;
};

/// Rows of all gates and biases follow the hidden channels, which are the columns of fromHidden.
AxisTags joinGates(const Call& call, const Cell& cell) {
    auto& tagger = call.tagger;
    const auto hidden = tagger.axis(cell.fromHidden, 1);
    tagger.setRole(cell.fromInput, tagger.axis(cell.fromInput, 0), Role::Producer);
    tagger.setRole(cell.fromHidden, tagger.axis(cell.fromHidden, 0), Role::Producer);
    tagger.setRole(cell.fromInput, tagger.axis(cell.fromInput, 1), Role::Consumer);
    tagger.setRole(cell.fromHidden, hidden, Role::Consumer);
    std::vector<ValueId> rows{cell.fromInput, cell.fromHidden};
    rows.insert(rows.end(), cell.biases.begin(), cell.biases.end());
    for (const auto id : rows) {
        const auto gates = tagger.axis(id, 0);
        if (gates == nullptr) continue;
        for (std::size_t i = 0; i < gates->size(); ++i) {
            tagger.attach(hidden == nullptr ? kNoAtom : (*hidden)[i % hidden->size()], (*gates)[i]);
        }
    }
    return hidden;
}

void freezeAllTensors(const Call& call) {
    call.freezeAll(cat(call.tagger.here(), " is of a form that is not followed"));
}

/// The list of parameters as cells, layer after layer, directions beside each other.
std::vector<Cell> cellsOf(const Call& call, const std::vector<ValueId>& parameters,
                          bool hasBiases) {
    const std::size_t count = hasBiases ? 4 : 2;
    std::vector<Cell> cells;
    if (parameters.size() % count != 0) return cells;
    for (std::size_t i = 0; i < parameters.size(); i += count) {
        Cell cell{parameters[i], parameters[i + 1], {}};
        if (hasBiases) cell.biases = {parameters[i + 2], parameters[i + 3]};
        if (call.rank(cell.fromInput) != 2 || call.rank(cell.fromHidden) != 2) return {};
        // With projections there is one more weight to a cell: its hidden state is another width.
        for (const auto bias : cell.biases) {
            if (call.rank(bias) != 1) return {};
        }
        if (call.shape(cell.fromInput)[0] != call.shape(cell.fromHidden)[0]) return {};
        if (call.shape(cell.fromHidden)[0] % call.shape(cell.fromHidden)[1] != 0) return {};
        cells.push_back(std::move(cell));
    }
    return cells;
}

struct Sequence {
    ValueId input = -1;
    std::vector<ValueId> states;  ///< h0, c0: [layers · directions, batch, hidden]
    std::vector<Cell> cells;
    bool isBidirectional = false;
};

AxisTags besideEachOther(const std::vector<AxisTags>& parts) {
    auto joined = std::make_shared<std::vector<Atom>>();
    for (const auto& part : parts) {
        if (part == nullptr) return nullptr;
        joined->insert(joined->end(), part->begin(), part->end());
    }
    return joined;
}

/// All layers and directions share the hidden state's one tensor, so their channels go together.
AxisTags walkLayers(const Call& call, const Sequence& sequence) {
    auto& tagger = call.tagger;
    const std::size_t directions = sequence.isBidirectional ? 2 : 1;
    const auto whyInput = cat(tagger.here(), " reads what must stay");
    AxisTags below = tagger.axis(sequence.input, call.rank(sequence.input) - 1);
    AxisTags first;
    for (std::size_t i = 0; i < sequence.cells.size(); i += directions) {
        std::vector<AxisTags> hidden;
        for (std::size_t d = 0; d < directions && i + d < sequence.cells.size(); ++d) {
            const auto& cell = sequence.cells[i + d];
            hidden.push_back(joinGates(call, cell));
            const auto columns = tagger.axis(cell.fromInput, 1);
            if (below == nullptr) tagger.freeze(columns, whyInput);
            if (columns == nullptr) tagger.freeze(below, whyInput);
            tagger.attach(below, columns);
            if (first == nullptr) first = hidden.back();
            tagger.unite(first, hidden.back());
        }
        below = besideEachOther(hidden);
    }
    for (const auto state : sequence.states) {
        const auto axis = tagger.axis(state, call.rank(state) - 1);
        if (axis == nullptr) tagger.freeze(first, cat(tagger.here(), " starts from a given state"));
        tagger.attach(first, axis);
    }
    return below;
}

/// Whether an lstm hands on less than it remembers (proj_size): h0 is narrower than c0.
bool isProjected(const Call& call, const std::vector<ValueId>& states) {
    return states.size() == 2 && call.shape(states[0]).back() != call.shape(states[1]).back();
}

/// lstm, gru, rnn_tanh, rnn_relu; with a batch that is packed (data, sizes) or not.
void recurrent(const Call& call) {
    const auto outputs = call.outputs();
    Sequence sequence;
    const auto parameters = call.argument("params");
    const auto states = call.argument("hx");
    const auto packed = call.tensor("data");
    sequence.input = packed >= 0 ? packed : call.tensor("input");
    if (sequence.input < 0 || parameters < 0 || states < 0) return freezeAllTensors(call);
    sequence.cells = cellsOf(call, call.tagger.value(call.step.inputs[at(parameters)]).elements,
                             call.flag("has_biases"));
    sequence.isBidirectional = call.flag("bidirectional");
    const auto& state = call.tagger.value(call.step.inputs[at(states)]);
    sequence.states =
        state.isTensor ? std::vector<ValueId>{call.step.inputs[at(states)]} : state.elements;
    if (isProjected(call, sequence.states)) {
        return call.freezeAll(
            cat(call.tagger.here(), " projects its state (proj_size), which is not followed"));
    }
    if (sequence.cells.empty()) return freezeAllTensors(call);
    const auto made = walkLayers(call, sequence);
    const auto hidden = call.tagger.axis(sequence.cells.back().fromHidden, 1);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        auto tags = call.plain(outputs[i]);
        tags.isParametric = false;
        if (!tags.axes.empty()) tags.axes.back() = i == 0 ? made : hidden;
        call.set(outputs[i], std::move(tags));
    }
}

/// lstm_cell, gru_cell, rnn_tanh_cell, rnn_relu_cell: one step of one layer.
void cell(const Call& call) {
    auto& tagger = call.tagger;
    Cell cell{call.tensor("w_ih"), call.tensor("w_hh"), {}};
    for (const auto* name : {"b_ih", "b_hh"}) {
        if (call.tensor(name) >= 0) cell.biases.push_back(call.tensor(name));
    }
    const auto input = call.tensor("input");
    const auto states = call.argument("hx");
    if (cell.fromInput < 0 || cell.fromHidden < 0 || input < 0) return freezeAllTensors(call);
    Sequence sequence{input, {}, {cell}, false};
    const auto& state = tagger.value(call.step.inputs[at(states)]);
    sequence.states =
        state.isTensor ? std::vector<ValueId>{call.step.inputs[at(states)]} : state.elements;
    const auto hidden = walkLayers(call, sequence);
    for (const auto output : call.outputs()) {
        auto tags = call.plain(output);
        tags.isParametric = false;
        if (!tags.axes.empty()) tags.axes.back() = hidden;
        call.set(output, std::move(tags));
    }
}

/// Batch and time become one axis of steps, or two again; the axes after them stay.
void pack(const Call& call) {
    const auto input = call.tensor(0);
    const bool isPacking = call.name == "_pack_padded_sequence";
    const auto axes = call.tagger.allAxes(input).axes;
    const std::size_t mixed = isPacking ? 2 : 1;
    const auto why = cat(call.tagger.here(), " sorts them by length");
    for (std::size_t i = 0; i < mixed && i < axes.size(); ++i) call.tagger.freeze(axes[i], why);
    const auto outputs = call.outputs();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        auto tags = call.plain(outputs[i]);
        const auto kept = axes.size() - mixed;
        for (std::size_t k = 0; i == 0 && k < kept && k < tags.axes.size(); ++k) {
            tags.axes[tags.axes.size() - 1 - k] = axes[axes.size() - 1 - k];
        }
        call.set(outputs[i], std::move(tags));
    }
}

constexpr std::array kRules = {
    NamedRule{"_pack_padded_sequence _pad_packed_sequence", pack},
    NamedRule{"lstm gru rnn_tanh rnn_relu", recurrent},
    NamedRule{"lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell", cell},
};

}  // namespace

std::span<const NamedRule> recurrentRules() {
    return kRules;
}

}  // namespace espalier::channels
