// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/rewriter_torch.h"

#include <stdexcept>

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/passes/constant_propagation.h>

#include "core/base/format.h"
#include "core/script/deep_copy_torch.h"
#include "core/script/outline_torch.h"
#include "core/script/rewriter_objects_torch.h"
#include "core/script/steps_torch.h"

namespace espalier::script {

namespace {

using torch::jit::Block;
using torch::jit::Function;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

constexpr auto kWhat = "Cannot rewrite the model's code";

using Objects = std::unordered_map<const Value*, ObjectPtr>;

bool isModuleType(const c10::TypePtr& type) {
    const auto known = type->cast<c10::ClassType>();
    return known && known->is_module();
}

/// Gives every submodule value of a graph the class of its new object.
class Retyper {
public:
    explicit Retyper(const ClassMap& classes) : m_classes(classes) {}

    void retype(Graph& graph, const ObjectPtr& self) {
        set(graph.inputs()[0], self);
        retype(*graph.block());
    }

private:
    void set(Value* value, const ObjectPtr& object) {
        m_objects[value] = object;
        value->setType(m_classes.at(object.get()));
    }

    ObjectPtr find(const Value* value) const {
        const auto found = m_objects.find(value);
        return found == m_objects.end() ? nullptr : found->second;
    }

    void retype(Block& block) {
        for (auto* node : block.nodes()) {
            for (auto* inner : node->blocks()) retype(*inner);
            if (node->kind() == c10::prim::GetAttr) followRead(*node);
            if (node->kind() == c10::prim::If) followBranches(*node);
            check(*node);
        }
    }

    void followRead(Node& node) {
        const auto holder = find(node.input());
        if (!holder) return;
        const auto value = holder->getAttr(node.s(c10::attr::name));
        if (value.isObject() && m_classes.contains(value.toObject().get())) {
            set(node.output(), value.toObject());
        }
    }

    void followBranches(Node& node) {
        for (std::size_t i = 0; i < node.outputs().size(); ++i) {
            const auto object = find(node.blocks()[0]->outputs()[i]);
            if (object && object == find(node.blocks()[1]->outputs()[i])) {
                set(node.outputs()[i], object);
            }
        }
    }

    void check(const Node& node) const {
        for (const auto* output : node.outputs()) {
            const bool isInterface = output->type()->kind() == c10::TypeKind::InterfaceType;
            if (m_objects.contains(output) || (!isModuleType(output->type()) && !isInterface)) {
                continue;
            }
            throw std::runtime_error(cat("a submodule is chosen while the model runs (",
                                         node.kind().toQualString(), ")"));
        }
        if (node.kind() == c10::prim::CallMethod && find(node.inputs()[0])) {
            throw std::runtime_error(
                cat("the call of ", node.s(c10::attr::name), " on a submodule cannot be inlined"));
        }
        if (node.kind() == c10::prim::SetAttr && find(node.inputs()[1])) {
            throw std::runtime_error("a submodule is replaced while the model runs");
        }
    }

    const ClassMap& m_classes;
    Objects m_objects;
};

void pairNodes(const Block& old, Block& made, std::unordered_map<const Node*, Node*>& nodes) {
    auto next = made.nodes().begin();
    for (const auto* node : old.nodes()) {
        Node* twin = *next;
        ++next;
        nodes.emplace(node, twin);
        for (std::size_t i = 0; i < node->blocks().size(); ++i) {
            pairNodes(*node->blocks()[i], *twin->blocks()[i], nodes);
        }
    }
}

/// The names of the types that come from the original's own compilation unit and stay there.
bool usesOwnClasses(const Block& block) {
    const auto isOwn = [](const Value* value) {
        return value->type()->kind() == c10::TypeKind::ClassType && !isModuleType(value->type());
    };
    for (const auto* node : block.nodes()) {
        for (const auto* output : node->outputs()) {
            if (isOwn(output)) return true;
        }
        for (const auto* inner : node->blocks()) {
            if (usesOwnClasses(*inner)) return true;
        }
    }
    return false;
}

/// Adds the methods of the original's root to the new root class.
class MethodCopier {
public:
    explicit MethodCopier(const Draft& draft)
        : m_draft(draft),
          m_old(draft.original._ivalue()),
          m_type(draft.module._ivalue()->type()),
          m_classes(classesOf(m_old, draft.module._ivalue())) {}

    Finished copyAll() {
        Finished result{m_draft.module, {}, {}};
        for (auto* method : m_old->type()->methods()) {
            if (method->name() == "forward") {
                m_type->addMethod(add(*method, m_draft.graph->copy()));
            } else if (auto* made = copied(*method)) {
                m_type->addMethod(made);
                result.otherMethods.push_back(method->name());
            } else {
                result.droppedMethods.push_back(method->name());
            }
        }
        copyHooks(result);
        copyProperties();
        return result;
    }

private:
    Function* add(Function& old, std::shared_ptr<Graph> graph) {
        // Classes that are no modules keep the original's unit, where names are taken.
        const auto unit = m_draft.module._ivalue()->compilation_unit();
        // What constants decide is left out. PyTorch does the same before it runs a graph, but of
        // parts it would see one at a time, without the constants of the others.
        torch::jit::ConstantPropagationImmutableTypes(graph);
        if (unit != m_old->compilation_unit()) outlineParts(*graph, *unit);
        auto* made = unit->create_function(c10::QualifiedName(*m_type->name(), old.name()),
                                           std::move(graph));
        auto schema = old.getSchema();
        auto arguments = schema.arguments();
        if (!arguments.empty()) arguments[0] = arguments[0].cloneWithType(m_type);
        made->setSchema(schema.cloneWithArguments(std::move(arguments)));
        return made;
    }

    /// Null when its code cannot be inlined and retyped.
    Function* copied(Function& old) {
        try {
            auto graph = inlinedGraph(m_draft.original, old);
            Retyper(m_classes).retype(*graph, m_old);
            return add(old, std::move(graph));
        } catch (const std::exception&) {
            return nullptr;
        }
    }

    void copyHooks(Finished& result) {
        for (auto* hook : m_old->type()->getForwardPreHooks()) {
            auto* made = copied(*hook);
            if (made == nullptr) result.droppedMethods.push_back(hook->name());
            if (made != nullptr) m_type->addForwardPreHook(made);
        }
        for (auto* hook : m_old->type()->getForwardHooks()) {
            auto* made = copied(*hook);
            if (made == nullptr) result.droppedMethods.push_back(hook->name());
            if (made != nullptr) m_type->addForwardHook(made);
        }
    }

    void copyProperties() {
        for (const auto& property : m_old->type()->properties()) {
            auto* getter = m_type->findMethod(property.getter->name());
            if (getter == nullptr) continue;
            auto* setter =
                property.setter == nullptr ? nullptr : m_type->findMethod(property.setter->name());
            m_type->addProperty(property.name, getter, setter);
        }
    }

    const Draft& m_draft;
    ObjectPtr m_old;
    c10::ClassTypePtr m_type;
    ClassMap m_classes;
};

}  // namespace

Result<Draft> makeDraft(const Program& program, const ReplaceTensor& replace) {
    return guarded(kWhat, [&]() -> Result<Draft> {
        const auto root = program.module._ivalue();
        // Classes that are no modules keep their code where it is.
        auto unit = usesOwnClasses(*program.graph->block())
                        ? root->compilation_unit()
                        : std::make_shared<torch::jit::CompilationUnit>();
        Draft draft;
        draft.original = program.module;
        draft.schema = schemaOf(program);
        draft.module = torch::jit::Module(newObjects(root, unit, replace));
        draft.graph = program.graph->copy();
        pairNodes(*program.graph->block(), *draft.graph->block(), draft.nodes);
        try {
            Retyper(classesOf(root, draft.module._ivalue())).retype(*draft.graph, root);
        } catch (const std::runtime_error& reason) {
            return Error{Error::Kind::Unsupported, kWhat, reason.what(), ""};
        }
        return draft;
    });
}

std::shared_ptr<const c10::FunctionSchema> schemaOf(const Program& program) {
    if (program.schema != nullptr) return program.schema;
    return std::make_shared<const c10::FunctionSchema>(
        program.module.get_method("forward").function().getSchema());
}

Program programOf(const Draft& draft) {
    return {draft.module, draft.graph, compile(draft.graph), draft.schema};
}

Result<Finished> finished(const Draft& draft) {
    return guarded(kWhat, [&]() -> Result<Finished> {
        draft.graph->lint();
        return MethodCopier(draft).copyAll();
    });
}

Result<torch::jit::Module> rewritten(const Program& program) {
    auto copier = std::make_shared<TensorCopier>();
    const auto draft = makeDraft(program, [copier](const std::string&, const at::Tensor& tensor) {
        return copier->copy(tensor);
    });
    if (!draft) return draft.error();
    auto result = finished(*draft);
    if (!result) return result.error();
    return result->module;
}

}  // namespace espalier::script
