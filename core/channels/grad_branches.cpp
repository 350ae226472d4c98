// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/grad_branches_torch.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

#include <ATen/core/grad_mode.h>

namespace espalier::channels {

namespace {

using torch::jit::Block;
using torch::jit::Node;

/// Which ways an If went: bit 0 for else, bit 1 for then.
using Ways = std::unordered_map<const Node*, unsigned>;

unsigned wayOf(const c10::IValue& condition) {
    return condition.isBool() ? (condition.toBool() ? 2u : 1u) : 0u;
}

bool asksAboutGradients(const Block& block) {
    return std::ranges::any_of(block.nodes(), [](const Node* node) {
        const std::string_view name = node->kind().toUnqualString();
        return name == "is_grad_enabled" || name == "requires_grad" ||
               std::ranges::any_of(node->blocks(),
                                   [](const Block* inner) { return asksAboutGradients(*inner); });
    });
}

struct WayRecorder final : script::Observer {
    std::optional<std::vector<c10::IValue>> before(const Node& node,
                                                   std::vector<c10::IValue>& inputs) override {
        if (node.kind() == c10::prim::If) ways[&node] |= wayOf(inputs[0]);
        return std::nullopt;
    }
    void onNode(const script::NodeEvent&) override {}
    Ways ways;
};

/// Whether two tensors are one and the same; not whether an optional one is there.
bool comparesTensors(const Node& node) {
    const std::string_view name = node.kind().toUnqualString();
    return (name == "__is__" || name == "__isnot__") &&
           std::ranges::all_of(node.inputs(), [](const auto* input) {
               return input->type()->kind() == c10::TypeKind::TensorType;
           });
}

}  // namespace

void fixIdentities(const Trace& trace, const script::Draft& draft) {
    std::unordered_map<const Node*, std::set<bool>> answers;
    for (const TraceStep& step : trace.steps) {
        const auto& answer = trace.values[step.outputs.empty() ? 0 : step.outputs[0]].value;
        if (comparesTensors(*step.node) && answer.isBool()) {
            answers[step.node].insert(answer.toBool());
        }
    }
    for (const auto& [node, seen] : answers) {
        const auto made = draft.nodes.find(node);
        if (seen.size() != 1 || made == draft.nodes.end()) continue;
        const torch::jit::WithInsertPoint here(made->second->next());
        made->second->output()->replaceAllUsesWith(draft.graph->insertConstant(*seen.begin()));
    }
}

void fixGradientBranches(const script::Program& program, const Trace& trace,
                         const script::Draft& draft, std::vector<c10::IValue> inputs,
                         RunControl& control) {
    if (!asksAboutGradients(*program.graph->block())) return;
    const at::NoGradGuard noGrad;
    WayRecorder without;
    // A model that fails without gradients has no shortcut to lose.
    if (!script::runObserved(program, std::move(inputs), without, control)) return;
    Ways with;
    for (const TraceStep& step : trace.steps) {
        if (step.node->kind() != c10::prim::If) continue;
        with[step.node] |= wayOf(trace.values[step.inputs[0]].value);
    }
    for (const auto& [node, ways] : with) {
        const auto other = without.ways.find(node);
        const bool isOneWay = ways == 1 || ways == 2;
        if (!isOneWay || other == without.ways.end() || other->second == ways) continue;
        Node* made = draft.nodes.at(node);
        const torch::jit::WithInsertPoint here(made);
        made->replaceInput(0, draft.graph->insertConstant(ways == 2));
    }
}

}  // namespace espalier::channels
