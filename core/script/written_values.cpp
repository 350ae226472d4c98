// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/written_values_torch.h"

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include <torch/csrc/jit/ir/constants.h>

namespace espalier::script {

namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;
using Sources = std::set<const Value*>;  // outputs of constants and attributes, or live values

/// Registered as pure, but they return their argument itself when they have nothing to do.
constexpr std::array<const char*, 6> kMayReturnArgument = {
    "aten::dropout",       "aten::feature_dropout",
    "aten::alpha_dropout", "aten::feature_alpha_dropout",
    "aten::rrelu",         "aten::pad"};
/// Registered as pure, but they update running statistics (arguments 3 and 4) when argument 5 is
/// true.
constexpr std::array<const char*, 4> kMayUpdateStatistics = {
    "aten::batch_norm", "aten::instance_norm", "aten::native_batch_norm",
    "aten::_batch_norm_impl_index"};

template <std::size_t N>
bool isOneOf(const Node& node, const std::array<const char*, N>& names) {
    for (const auto* name : names) {
        if (name == std::string_view(node.kind().toQualString())) return true;
    }
    return false;
}

bool isContainer(const c10::TypePtr& type) {
    const auto kind = type->kind();
    return kind == c10::TypeKind::ListType || kind == c10::TypeKind::DictType ||
           kind == c10::TypeKind::TupleType;
}

/// Numbers, strings and modules cannot be written to in place.
bool canBeWritten(const c10::TypePtr& type) {
    switch (type->kind()) {
        case c10::TypeKind::TensorType:
        case c10::TypeKind::ListType:
        case c10::TypeKind::DictType:
        case c10::TypeKind::TupleType:
        case c10::TypeKind::OptionalType:
        case c10::TypeKind::UnionType:
        case c10::TypeKind::AnyType:
            return true;
        default:
            return false;
    }
}

class SourceTracker {
public:
    /// Looks at the top-level nodes from the `first` on; what is there before them, the graph's
    /// inputs included, is a source too.
    SourceTracker(torch::jit::Graph& graph, std::size_t first) {
        std::vector<Node*> nodes(graph.nodes().begin(), graph.nodes().end());
        for (std::size_t i = 0; i < first; ++i) {
            for (auto* output : nodes[i]->outputs()) addLive(output);
        }
        for (auto* input : graph.inputs()) addLive(input);
        do {
            m_changed = false;
            for (auto i = first; i < nodes.size(); ++i) visit(*nodes[i]);
        } while (m_changed);
    }

    const Sources& written() const { return m_written; }

private:
    void addLive(const Value* value) {
        if (canBeWritten(value->type())) add(value, {value});
    }

    void visit(Block& block) {
        for (auto* node : block.nodes()) visit(*node);
    }

    void visit(Node& node) {
        switch (node.kind()) {
            case c10::prim::Constant:
                if (canBeWritten(node.output()->type())) add(node.output(), {node.output()});
                return;
            case c10::prim::GetAttr:
                if (!canBeWritten(node.output()->type())) return;
                add(node.output(), {node.output()});
                return add(node.output(), m_set[node.s(c10::attr::name)]);
            case c10::prim::SetAttr:
                return add(m_set[node.s(c10::attr::name)], of(node.inputs()[1]));
            case c10::prim::If:
                return visitIf(node);
            case c10::prim::Loop:
                return visitLoop(node);
            default:
                return visitOperator(node);
        }
    }

    void visitIf(Node& node) {
        for (auto* block : node.blocks()) {
            visit(*block);
            for (std::size_t i = 0; i < node.outputs().size(); ++i) {
                add(node.outputs()[i], of(block->outputs()[i]));
            }
        }
    }

    /// Inputs: trip count, condition, carried values…; the body has the iteration's number in place
    /// of both.
    void visitLoop(Node& node) {
        auto* body = node.blocks()[0];
        for (std::size_t i = 0; i < node.outputs().size(); ++i) {
            add(body->inputs()[i + 1], of(node.inputs()[i + 2]));
            add(body->inputs()[i + 1], of(body->outputs()[i + 1]));
            add(node.outputs()[i], of(body->inputs()[i + 1]));
        }
        visit(*body);
    }

    void visitOperator(Node& node) {
        const auto* schema = node.maybeSchema();
        if (schema == nullptr) return passThrough(node);
        markWrites(node, *schema);
        for (std::size_t i = 0; i < node.outputs().size(); ++i) {
            auto* output = node.outputs()[i];
            const bool isAlias =
                i < schema->returns().size() && schema->returns()[i].alias_info() != nullptr;
            if (isAlias || isContainer(output->type()) || isOneOf(node, kMayReturnArgument) ||
                schema->is_vararg() || node.kind().is_prim()) {
                for (auto* input : node.inputs()) add(output, of(input));
            }
        }
    }

    /// Constructors, unpackers and calls: what goes in may come out.
    void passThrough(Node& node) {
        for (auto* output : node.outputs()) {
            for (auto* input : node.inputs()) add(output, of(input));
        }
    }

    void markWrites(Node& node, const c10::FunctionSchema& schema) {
        for (std::size_t i = 0; i < node.inputs().size() && i < schema.arguments().size(); ++i) {
            const auto* alias = schema.arguments()[i].alias_info();
            if (alias == nullptr || !alias->isWrite()) continue;
            auto* target = node.inputs()[i];
            if (!isContainer(target->type())) {
                add(m_written, of(target));
                continue;
            }
            // What a list holds is not written to when the list gets another element.
            for (const auto* source : of(target)) {
                if (isContainer(source->type())) add(m_written, {source});
            }
            for (auto* input : node.inputs()) add(target, of(input));
        }
        if (!isOneOf(node, kMayUpdateStatistics)) return;
        const auto training = torch::jit::toIValue(node.inputs()[5]);
        if (training && training->isBool() && !training->toBool()) return;
        add(m_written, of(node.inputs()[3]));
        add(m_written, of(node.inputs()[4]));
    }

    Sources of(const Value* value) { return m_sources[value]; }
    void add(const Value* value, const Sources& more) { add(m_sources[value], more); }
    void add(Sources& sources, const Sources& more) {
        const auto before = sources.size();
        sources.insert(more.begin(), more.end());
        m_changed |= sources.size() != before;
    }

    std::unordered_map<const Value*, Sources> m_sources;
    std::unordered_map<std::string, Sources> m_set;  // by the name of the attribute that was set
    Sources m_written;
    bool m_changed = false;
};

}  // namespace

WrittenValues findWrittenValues(torch::jit::Graph& graph) {
    WrittenValues written;
    const SourceTracker tracker(graph, 0);
    for (const auto* value : tracker.written()) {
        const auto* node = value->node();
        if (node->kind() == c10::prim::Param) continue;
        if (node->kind() == c10::prim::Constant) {
            written.constants.insert(node);
        } else {
            const auto type = node->input()->type()->expect<c10::ClassType>();
            written.attributes.emplace(type.get(),
                                       type->getAttributeSlot(node->s(c10::attr::name)));
        }
    }
    return written;
}

std::set<const Value*> findWrittenAfter(torch::jit::Graph& graph, std::size_t first) {
    return SourceTracker(graph, first).written();
}

}  // namespace espalier::script
