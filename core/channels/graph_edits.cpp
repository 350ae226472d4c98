// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/graph_edits_torch.h"

#include <algorithm>
#include <set>
#include <string_view>

#include <ATen/Functions.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

namespace espalier::channels {

namespace {

using c10::IValue;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

template <class Map, class Key>
auto* lookUp(const Map& map, const Key& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

/// Builds expressions in front of a node.
class ExpressionMaker {
public:
    ExpressionMaker(Graph& graph, const Expression& expression)
        : m_graph(graph), m_expression(expression) {}

    Value* make() {
        if (m_expression.value != nullptr) return made(m_expression.value);
        return m_graph.insertConstant(m_expression.constant);
    }

private:
    Value* made(Value* value) {
        if (const auto known = m_made.find(value); known != m_made.end()) return known->second;
        Value* result = value;
        if (const auto* constant = lookUp(m_expression.changed, value)) {
            result = m_graph.insertConstant(*constant);
        } else if (isAbove(value)) {
            Node* copy = m_graph.createClone(value->node(), [this](Value* v) { return made(v); });
            m_graph.insertNode(copy);
            result = copy->outputs()[value->offset()];
        }
        return m_made[value] = result;
    }

    /// Whether one of the changed values is used to work `value` out.
    bool isAbove(Value* value) {
        if (!m_expression.way.empty()) return m_expression.way.contains(value->node());
        if (const auto known = m_above.find(value); known != m_above.end()) return known->second;
        bool& answer = m_above[value] = false;
        Node* node = value->node();
        if (!node->blocks().empty() || node->kind() == c10::prim::Param) return false;
        bool found = false;
        for (Value* input : node->inputs()) {
            found |= m_expression.changed.contains(input) || isAbove(input);
        }
        return m_above[value] = answer = found;
    }

    Graph& m_graph;
    const Expression& m_expression;
    std::map<Value*, Value*> m_made;
    std::map<Value*, bool> m_above;
};

/// Whether the list may hold something else than what it was made of: operators that change a list
/// take it as their first argument.
bool isChangedLater(const Value* list) {
    static const std::set<std::string_view> kChanging = {
        "append", "extend", "insert", "_set_item", "pop",    "clear",      "reverse",
        "sort",   "remove", "add_",   "mul_",      "Delete", "__delitem__"};
    return std::ranges::any_of(list->uses(), [](const torch::jit::Use& use) {
        return use.offset == 0 && kChanging.contains(use.user->kind().toUnqualString());
    });
}

Value* elementAt(Graph& graph, Value* list, std::size_t index) {
    if (list->node()->kind() == c10::prim::ListConstruct && !isChangedLater(list)) {
        return list->node()->inputs()[index];
    }
    if (const auto constant = torch::jit::toIValue(list)) {
        return graph.insertConstant(constant->toIntVector()[index]);
    }
    return graph.insert(c10::aten::__getitem__, {list, static_cast<std::int64_t>(index)});
}

void replaceElements(Graph& graph, const GraphEdits::Place& place, const Elements& elements) {
    const torch::jit::WithInsertPoint here(place.first);
    Value* list = place.first->inputs()[place.second];
    std::vector<Value*> values;
    for (std::size_t i = 0; i < elements.size(); ++i) {
        values.push_back(elements[i] ? ExpressionMaker(graph, *elements[i]).make()
                                     : elementAt(graph, list, i));
    }
    Node* made = graph.insertNode(graph.createList(c10::IntType::get(), values));
    place.first->replaceInput(place.second, made->output());
}

void replaceBy(Graph& graph, Node* node, const Substitute& substitute) {
    using Kind = Substitute::Kind;
    const torch::jit::WithInsertPoint here(node->next());
    if (substitute.kind == Kind::CutOutput) {
        Value* value = node->output();
        std::vector<Node*> added;
        for (const AxisCut& cut : substitute.box) {
            Value* index = graph.insertConstant(at::tensor(cut.kept, at::kLong));
            value = graph.insert(c10::aten::index_select, {value, cut.axis, index});
            added.push_back(value->node());
        }
        node->output()->replaceAllUsesWith(value);
        added.front()->replaceInput(0, node->output());
        return;
    }
    Value* input = node->inputs()[0];
    Value* made = nullptr;
    if (substitute.kind == Kind::IndexSelect) {
        Value* index = graph.insertConstant(at::tensor(substitute.numbers, at::kLong));
        made = graph.insert(c10::aten::index_select, {input, substitute.axis, index});
    } else if (substitute.kind == Kind::SplitSizes) {
        made = graph.insert(c10::Symbol::fromQualString("aten::split_with_sizes"),
                            {input, substitute.numbers, substitute.axis});
    } else {
        made = graph.insert(c10::aten::squeeze, {input, substitute.numbers});
    }
    made->setType(node->output()->type());
    node->output()->replaceAllUsesWith(made);
}

}  // namespace

void GraphEdits::setArgument(Place place, Expression expression) {
    m_arguments.insert_or_assign(place, std::move(expression));
}
void GraphEdits::setElements(Place place, Elements elements) {
    m_elements.insert_or_assign(place, std::move(elements));
}
void GraphEdits::setOutput(Node* node, IValue constant) {
    m_outputs.insert_or_assign(node, std::move(constant));
}
void GraphEdits::setSubstitute(Node* node, Substitute substitute) {
    m_substitutes.insert_or_assign(node, std::move(substitute));
}

const Expression* GraphEdits::argument(Place place) const {
    return lookUp(m_arguments, place);
}
const Elements* GraphEdits::elements(Place place) const {
    return lookUp(m_elements, place);
}
const IValue* GraphEdits::output(Node* node) const {
    return lookUp(m_outputs, node);
}
const Substitute* GraphEdits::substitute(Node* node) const {
    return lookUp(m_substitutes, node);
}

void GraphEdits::apply(Graph& graph) const {
    // Expressions name values of the graph as it was: they are all built before anything else goes.
    for (const auto& [place, expression] : m_arguments) {
        const torch::jit::WithInsertPoint here(place.first);
        place.first->replaceInput(place.second, ExpressionMaker(graph, expression).make());
    }
    for (const auto& [place, elements] : m_elements) replaceElements(graph, place, elements);
    for (const auto& [node, constant] : m_outputs) {
        const torch::jit::WithInsertPoint here(node->next());
        Value* made = graph.insertConstant(constant);
        node->output()->replaceAllUsesWith(made);
    }
    for (const auto& [node, substitute] : m_substitutes) replaceBy(graph, node, substitute);
    torch::jit::EliminateDeadCode(graph.block());
    graph.lint();
}

}  // namespace espalier::channels
