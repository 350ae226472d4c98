// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/outline_torch.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/passes/dead_code_elimination.h>

#include "core/base/format.h"

namespace espalier::script {

namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

/// Nodes, inner ones included: graphs below the first are left alone, parts have about the second.
constexpr int kShort = 300;
constexpr int kPart = 80;

int countNodes(const Block& block) {
    int count = 0;
    for (const auto* node : block.nodes()) {
        ++count;
        for (const auto* inner : node->blocks()) count += countNodes(*inner);
    }
    return count;
}

int sizeOf(const Node& node) {
    int size = 1;
    for (const auto* inner : node.blocks()) size += countNodes(*inner);
    return size;
}

template <class Predicate>
bool anyNode(const Block& block, const Predicate& predicate) {
    return std::ranges::any_of(block.nodes(), [&](const Node* node) {
        return predicate(*node) || std::ranges::any_of(node->blocks(), [&](const Block* inner) {
                   return anyNode(*inner, predicate);
               });
    });
}

/// Reads of attributes inside branches move in front of the branch.
void hoistReads(Block& block, Node* before) {
    for (auto it = block.nodes().begin(); it != block.nodes().end();) {
        Node* node = *it;
        ++it;
        Node* anchor = before == nullptr ? node : before;
        for (Block* inner : node->blocks()) hoistReads(*inner, anchor);
        if (before != nullptr && node->kind() == c10::prim::GetAttr) node->moveBefore(before);
    }
}

/// Every part has constants of its own.
bool isCloned(const Node& node) {
    return node.kind() == c10::prim::Constant || node.kind() == c10::prim::Uninitialized;
}

bool staysOutside(const Node& node) {
    return isCloned(node) || node.kind() == c10::prim::GetAttr;
}

/// Whether a function can take and give it: a type that its source code can name in any file.
bool canCross(const c10::TypePtr& type) {
    switch (type->kind()) {
        case c10::TypeKind::TensorType:
        case c10::TypeKind::IntType:
        case c10::TypeKind::FloatType:
        case c10::TypeKind::BoolType:
        case c10::TypeKind::NumberType:
        case c10::TypeKind::StringType:
        case c10::TypeKind::NoneType:
        case c10::TypeKind::DeviceObjType:
            return true;
        case c10::TypeKind::TupleType:
            if (type->expectRef<c10::TupleType>().name()) return false;
            [[fallthrough]];
        case c10::TypeKind::ListType:
        case c10::TypeKind::DictType:
        case c10::TypeKind::OptionalType:
            return std::ranges::all_of(type->containedTypes(), canCross);
        default:
            return false;
    }
}

/// PyTorch's interpreter runs a loop whose result is used once where that use is evaluated, after
/// the operands in front of it; a list among these that the loop reads is gone after one turn.
void putControlFlowFirst(std::vector<Value*>& operands) {
    std::ranges::stable_partition(
        operands, [](const Value* value) { return !value->node()->blocks().empty(); });
}

/// Consecutive nodes of one block that become the body of a function.
class Part {
public:
    explicit Part(std::vector<Node*> nodes) : m_nodes(std::move(nodes)) {
        for (Node* node : m_nodes) collect(*node);
        for (Node* node : m_nodes) {
            for (Value* output : node->outputs()) {
                if (isUsedOutside(*output)) m_results.push_back(output);
            }
        }
        for (Value* value : m_used) {
            if (!isInside(*value) && !isCloned(*value->node())) m_arguments.push_back(value);
        }
        putControlFlowFirst(m_results);
    }

    bool canMove() const {
        const auto crosses = [](const Value* value) { return canCross(value->type()); };
        return std::ranges::all_of(m_arguments, crosses) && std::ranges::all_of(m_results, crosses);
    }

    /// Makes the function and puts a call in place of the nodes.
    void moveTo(torch::jit::CompilationUnit& unit, Graph& graph, const std::string& name) {
        auto body = std::make_shared<Graph>();
        fill(*body);
        auto* function = unit.create_function(c10::QualifiedName(name), body);
        Node* last = m_nodes.back();
        const torch::jit::WithInsertPoint here(last->next());
        Node* constant = graph.insertNode(graph.create(c10::prim::Constant));
        constant->s_(c10::attr::name, function->name());
        constant->output()->setType(c10::FunctionType::create(function));
        std::vector<Value*> inputs{constant->output()};
        inputs.insert(inputs.end(), m_arguments.begin(), m_arguments.end());
        Node* call = graph.insertNode(graph.create(c10::prim::CallFunction, inputs));
        call->output()->setType(body->outputs()[0]->type());
        replaceResults(graph, *call);
        for (auto it = m_nodes.rbegin(); it != m_nodes.rend(); ++it) (*it)->destroy();
    }

private:
    void collect(Node& node) {
        m_inside.insert(&node);
        for (auto* inner : node.blocks()) {
            for (auto* innerNode : inner->nodes()) collect(*innerNode);
        }
        for (auto* input : node.inputs()) use(input);
        for (auto* inner : node.blocks()) {
            for (auto* output : inner->outputs()) use(output);
        }
    }

    void use(Value* value) {
        if (std::ranges::find(m_used, value) == m_used.end()) m_used.push_back(value);
    }

    bool isInside(const Value& value) const {
        if (value.node()->kind() != c10::prim::Param) return m_inside.contains(value.node());
        const auto* owner = value.node()->owningBlock()->owningNode();
        return owner != nullptr && m_inside.contains(owner);
    }

    bool isUsedOutside(const Value& value) const {
        return std::ranges::any_of(value.uses(), [this](const torch::jit::Use& use) {
            if (use.user->kind() != c10::prim::Return) return !m_inside.contains(use.user);
            const auto* owner = use.user->owningBlock()->owningNode();
            return owner == nullptr || !m_inside.contains(owner);
        });
    }

    void fill(Graph& body) {
        std::unordered_map<Value*, Value*> values;
        for (Value* value : m_arguments) {
            values[value] = body.addInput()->setType(value->type());
        }
        for (Value* value : m_used) {
            if (isInside(*value) || !isCloned(*value->node())) continue;
            Node* copy = body.createClone(value->node(), [](Value* v) { return v; });
            body.appendNode(copy);
            values[value] = copy->output();
        }
        for (Node* node : m_nodes) {
            Node* copy = body.createClone(node, [&](Value* v) { return values.at(v); });
            body.appendNode(copy);
            for (std::size_t i = 0; i < node->outputs().size(); ++i) {
                values[node->outputs()[i]] = copy->outputs()[i];
            }
        }
        std::vector<Value*> results;
        for (Value* result : m_results) results.push_back(values.at(result));
        if (results.size() == 1) {
            body.registerOutput(results[0]);
        } else if (results.empty()) {
            body.registerOutput(body.insertConstant(c10::IValue()));
        } else {
            body.registerOutput(body.appendNode(body.createTuple(results))->output());
        }
    }

    void replaceResults(Graph& graph, Node& call) {
        if (m_results.empty()) return;
        if (m_results.size() == 1) {
            m_results[0]->replaceAllUsesAfterNodeWith(&call, call.output());
            return;
        }
        Node* unpack = graph.insertNode(graph.createTupleUnpack(call.output()));
        for (std::size_t i = 0; i < m_results.size(); ++i) {
            m_results[i]->replaceAllUsesAfterNodeWith(&call, unpack->outputs()[i]);
        }
    }

    std::vector<Node*> m_nodes;
    std::unordered_set<const Node*> m_inside;
    std::vector<Value*> m_used;
    std::vector<Value*> m_arguments;
    std::vector<Value*> m_results;
};

class Outliner {
public:
    Outliner(Graph& graph, torch::jit::CompilationUnit& unit) : m_graph(graph), m_unit(unit) {}

    void run(Block& block) {
        if (countNodes(block) < kShort) return;
        std::vector<Node*> part;
        std::vector<std::vector<Node*>> parts;
        int size = 0;
        for (auto* node : block.nodes()) {
            if (staysOutside(*node)) continue;
            // What is long in itself is taken apart inside.
            if (sizeOf(*node) >= kShort) {
                parts.push_back(std::exchange(part, {}));
                size = 0;
                for (Block* inner : node->blocks()) run(*inner);
                continue;
            }
            part.push_back(node);
            size += sizeOf(*node);
            if (size < kPart) continue;
            parts.push_back(std::exchange(part, {}));
            size = 0;
        }
        parts.push_back(std::move(part));
        for (auto& nodes : parts) {
            if (nodes.size() > 1) moveOut(nodes);
        }
    }

private:
    /// What a part takes from outside comes in front of it: reads have no order among themselves.
    void moveOut(const std::vector<Node*>& nodes) {
        Part part(nodes);
        if (!part.canMove()) return;
        std::vector<Node*> between;
        for (Node* node = nodes.front(); node != nodes.back(); node = node->next()) {
            if (staysOutside(*node)) between.push_back(node);
        }
        for (Node* node : between) node->moveBefore(nodes.front());
        auto name = c10::QualifiedName("__torch__.parts.part_0.run");
        for (int i = 1; m_unit.find_function(name) != nullptr; ++i) {
            name = c10::QualifiedName(cat("__torch__.parts.part_", i, ".run"));
        }
        part.moveTo(m_unit, m_graph, name.qualifiedName());
    }

    Graph& m_graph;
    torch::jit::CompilationUnit& m_unit;
};

bool cannotBeOutlined(const Node& node) {
    switch (node.kind()) {
        case c10::prim::SetAttr:
        case c10::prim::CallMethod:
        case c10::prim::CreateObject:
        case c10::prim::Enter:
        case c10::prim::Exit:
            return true;
        default:
            return std::ranges::any_of(node.outputs(), [](const Value* value) {
                return value->type()->kind() == c10::TypeKind::ClassType &&
                       value->node()->kind() != c10::prim::GetAttr;
            });
    }
}

}  // namespace

void outlineParts(Graph& graph, torch::jit::CompilationUnit& unit) {
    if (countNodes(*graph.block()) < kShort || anyNode(*graph.block(), cannotBeOutlined)) return;
    hoistReads(*graph.block(), nullptr);
    Outliner(graph, unit).run(*graph.block());
    torch::jit::EliminateDeadCode(graph.block());  // constants that only parts used
}

}  // namespace espalier::script
