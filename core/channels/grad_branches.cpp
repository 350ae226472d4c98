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
using Ways = std::unordered_map<Node*, unsigned>;

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
        if (node.kind() == c10::prim::If) ways[const_cast<Node*>(&node)] |= wayOf(inputs[0]);
        return std::nullopt;
    }
    void onNode(const script::NodeEvent&) override {}
    Ways ways;
};

/// As far as the run got: a shortcut that is left open may fail with widths that it cannot know.
Ways waysOf(const script::Draft& draft, std::span<const script::InputSpec> inputs,
            bool withGradients, RunControl& control) {
    const c10::AutoGradMode mode(withGradients);
    WayRecorder recorder;
    (void)script::runObserved(script::programOf(draft), script::exampleInputs(inputs, 0), recorder,
                              control);
    return std::move(recorder.ways);
}

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

void fixGradientBranches(const script::Draft& draft, std::span<const script::InputSpec> inputs,
                         RunControl& control) {
    if (!asksAboutGradients(*draft.graph->block())) return;
    const Ways with = waysOf(draft, inputs, true, control);
    bool isFixed = true;
    while (isFixed) {
        isFixed = false;
        for (const auto& [node, ways] : waysOf(draft, inputs, false, control)) {
            const auto other = with.find(node);
            const bool isOneWay = other != with.end() && (other->second == 1 || other->second == 2);
            if (!isOneWay || other->second == ways) continue;
            const torch::jit::WithInsertPoint here(node);
            node->replaceInput(0, draft.graph->insertConstant(other->second == 2));
            isFixed = true;
        }
    }
}

}  // namespace espalier::channels
