// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/code_edits_torch.h"

#include <optional>
#include <string_view>
#include <vector>

#include <torch/csrc/jit/ir/constants.h>

namespace espalier::train {
namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

constexpr auto kTraining = "training";

/// An argument of a node.
struct Place {
    Node* node = nullptr;
    std::size_t input = 0;

    Value* value() const { return node->input(input); }
    std::optional<c10::IValue> constant() const { return torch::jit::toIValue(value()); }
    void set(Value* value) const { node->replaceInput(input, value); }
};

template <class Visit>
void visitNodes(Block& block, const Visit& visit) {
    for (Node* node : block.nodes()) {
        for (Block* inner : node->blocks()) visitNodes(*inner, visit);
        visit(*node);
    }
}

/// The argument that the operator's schema calls `name`.
std::optional<Place> argument(Node& node, std::string_view name) {
    const auto* schema = node.kind().is_aten() ? node.maybeSchema() : nullptr;
    if (!schema) return std::nullopt;
    for (std::size_t i = 0; i < schema->arguments().size() && i < node.inputs().size(); ++i) {
        if (schema->arguments()[i].name() == name) return Place{&node, i};
    }
    return std::nullopt;
}

/// Where an operator is told whether it trains.
std::optional<Place> modeOf(Node& node) {
    for (const std::string_view name : {"training", "train"}) {
        if (auto place = argument(node, name)) return place;
    }
    return std::nullopt;
}

/// Places that hold the constant false; none when the code reads the mode anywhere.
std::vector<Place> bakedSwitches(Graph& graph) {
    std::vector<Place> baked;
    bool asksForMode = false;
    visitNodes(*graph.block(), [&](Node& node) {
        asksForMode |= node.kind() == c10::prim::GetAttr && node.s(c10::attr::name) == kTraining;
        const auto mode = modeOf(node);
        const auto value = mode ? mode->constant() : std::nullopt;
        if (value && value->isBool() && !value->toBool()) baked.push_back(*mode);
    });
    if (asksForMode) baked.clear();
    return baked;
}

/// Reads an attribute of the root where the graph begins.
Value* readAtStart(script::Draft& draft, const std::string& attribute) {
    const torch::jit::WithInsertPoint start(*draft.graph->nodes().begin());
    return draft.graph->insertGetAttr(draft.graph->inputs()[0], attribute);
}

Value* constantAtStart(Graph& graph, const c10::IValue& value) {
    const torch::jit::WithInsertPoint start(*graph.nodes().begin());
    return graph.insertConstant(value);
}

Value* readMode(script::Draft& draft) {
    if (!draft.module.hasattr(kTraining))
        draft.module.register_attribute(kTraining, c10::BoolType::get(), false);
    return readAtStart(draft, kTraining);
}

/// `p` in training mode, else 0.
Value* inTrainingOnly(script::Draft& draft, double p) {
    Value* mode = readMode(draft);
    const torch::jit::WithInsertPoint after(mode->node()->next());
    Value* isTraining = draft.graph->insert(c10::aten::Float, {mode});
    return draft.graph->insert(c10::aten::mul, {isTraining, p});
}

bool isAboveZero(const Place& probability) {
    const auto value = probability.constant();
    return !value || !value->isDouble() || value->toDouble() > 0;
}

}  // namespace

int countBakedSwitches(Graph& graph) {
    return static_cast<int>(bakedSwitches(graph).size());
}

int restoreSwitches(script::Draft& draft) {
    const std::vector<Place> baked = bakedSwitches(*draft.graph);
    if (baked.empty()) return 0;
    Value* mode = readMode(draft);
    for (const Place& place : baked) place.set(mode);
    return static_cast<int>(baked.size());
}

int overrideDropout(script::Draft& draft, double p) {
    std::vector<Place> switched;  // operators that are told themselves whether they train
    std::vector<Place> always;    // those that get 0 in evaluation mode
    visitNodes(*draft.graph->block(), [&](Node& node) {
        const auto own = argument(node, "p");
        const auto within = argument(node, "dropout");
        const auto ofAttention = argument(node, "dropout_p");
        if (own && modeOf(node)) switched.push_back(*own);
        if (within && modeOf(node) && isAboveZero(*within)) switched.push_back(*within);
        if (ofAttention && isAboveZero(*ofAttention)) always.push_back(*ofAttention);
    });
    if (!switched.empty()) {
        Value* probability = constantAtStart(*draft.graph, p);
        for (const Place& place : switched) place.set(probability);
    }
    if (!always.empty()) {
        Value* probability = inTrainingOnly(draft, p);
        for (const Place& place : always) place.set(probability);
    }
    return static_cast<int>(switched.size() + always.size());
}

int averageStatistics(script::Draft& draft) {
    std::vector<Place> momenta;
    visitNodes(*draft.graph->block(), [&](Node& node) {
        const auto statistics = argument(node, "running_mean");
        const auto momentum = argument(node, "momentum");
        if (node.kind() == c10::aten::batch_norm && statistics && momentum)
            momenta.push_back(*momentum);
    });
    if (momenta.empty()) return 0;
    draft.module.register_attribute(kStatisticsShare, c10::FloatType::get(), 1.0);
    Value* share = readAtStart(draft, kStatisticsShare);
    for (const Place& place : momenta) place.set(share);
    return static_cast<int>(momenta.size());
}

}  // namespace espalier::train
