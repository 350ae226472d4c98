// SPDX-License-Identifier: GPL-3.0-or-later
#include <unordered_map>
#include <unordered_set>

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/inline_fork_wait.h>
#include <torch/csrc/jit/passes/inliner.h>

#include "core/script/interpreter_torch.h"
#include "core/script/steps_torch.h"

namespace espalier::script {

namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;
using Objects = std::unordered_map<const Value*, c10::intrusive_ptr<c10::ivalue::Object>>;

/// Turns blocks into steps; every value of the graph gets a register of its own.
class Compiler {
public:
    explicit Compiler(const WrittenValues& written) : m_written(written) {}

    StepBlock block(Block& block) {
        StepBlock result;
        result.block = &block;
        std::unordered_set<Register> defined;
        for (auto* input : block.inputs()) {
            defined.insert(result.parameters.emplace_back(registerOf(input)));
        }
        std::vector<std::vector<Register>> reads;
        for (auto* node : block.nodes()) {
            const auto outer = std::exchange(m_reads, {});
            result.steps.push_back(step(*node));
            defined.insert(result.steps.back().outputs.begin(), result.steps.back().outputs.end());
            reads.push_back(m_reads);
            m_reads.insert(m_reads.end(), outer.begin(), outer.end());
        }
        for (auto* output : block.outputs()) result.results.push_back(registerOf(output));
        m_reads.insert(m_reads.end(), result.results.begin(), result.results.end());
        markDead(result, defined, reads);
        return result;
    }

    std::size_t registers() const { return m_registers.size(); }

private:
    Register registerOf(const Value* value) {
        return m_registers.try_emplace(value, static_cast<Register>(m_registers.size()))
            .first->second;
    }

    Step step(Node& node) {
        Step step;
        step.node = &node;
        for (auto* input : node.inputs()) step.inputs.push_back(registerOf(input));
        for (auto* inner : node.blocks()) step.blocks.push_back(block(*inner));
        for (auto* output : node.outputs()) step.outputs.push_back(registerOf(output));
        m_reads.insert(m_reads.end(), step.inputs.begin(), step.inputs.end());
        setKind(step, node);
        return step;
    }

    void setKind(Step& step, Node& node) const;

    /// A register that this block defines dies at the last step that reads it, or at once when none
    /// does.
    static void markDead(StepBlock& block, std::unordered_set<Register>& defined,
                         const std::vector<std::vector<Register>>& reads) {
        for (const auto result : block.results) {
            if (defined.erase(result) > 0) block.ownResults.push_back(result);
        }
        for (auto i = block.steps.size(); i-- > 0;) {
            auto& step = block.steps[i];
            for (const auto read : reads[i]) {
                if (defined.erase(read) > 0) step.dead.push_back(read);
            }
            for (const auto unread : step.outputs) {
                if (defined.erase(unread) > 0) step.dead.push_back(unread);
            }
        }
    }

    const WrittenValues& m_written;
    std::unordered_map<const Value*, Register> m_registers;
    std::vector<Register>
        m_reads;  // by the steps of the current block so far, inner blocks included
};

void setCall(Step& step, Node& node) {
    step.kind = Step::Kind::Call;
    if (node.kind() == c10::prim::CallFunction) {
        step.callee = node.inputs()[0]->type()->expectRef<c10::FunctionType>().function();
        step.inputs.erase(step.inputs.begin());
        return;
    }
    const bool isMethod = node.kind() == c10::prim::CallMethod;
    step.kind = Step::Kind::CallMethod;
    step.method = isMethod                          ? node.s(c10::attr::name)
                  : node.kind() == c10::prim::Enter ? "__enter__"
                                                    : "__exit__";
}

void Compiler::setKind(Step& step, Node& node) const {
    switch (node.kind()) {
        case c10::prim::If:
            step.kind = Step::Kind::If;
            break;
        case c10::prim::Loop:
            step.kind = Step::Kind::Loop;
            break;
        case c10::prim::Constant:
            step.kind = m_written.constants.contains(&node) ? Step::Kind::WrittenConstant
                                                            : Step::Kind::Constant;
            step.constant = torch::jit::toIValue(node.output()).value_or(c10::IValue());
            break;
        case c10::prim::GetAttr:
        case c10::prim::SetAttr:
            step.kind =
                node.kind() == c10::prim::GetAttr ? Step::Kind::GetAttr : Step::Kind::SetAttr;
            step.slot = node.inputs()[0]->type()->expectRef<c10::ClassType>().getAttributeSlot(
                node.s(c10::attr::name));
            break;
        case c10::prim::CallFunction:
        case c10::prim::CallMethod:
        case c10::prim::Enter:
        case c10::prim::Exit:
            setCall(step, node);
            break;
        default:
            step.function = functionOf(&node);
    }
}

/// Gives values of an interface type the class of the object that this very module holds there, so
/// that the calls on them can be inlined. True when a type changed.
bool resolveInterfaces(Block& block, Objects& objects) {
    bool changed = false;
    for (auto* node : block.nodes()) {
        for (auto* inner : node->blocks()) changed |= resolveInterfaces(*inner, objects);
        if (node->kind() != c10::prim::GetAttr) continue;
        const auto holder = objects.find(node->input());
        if (holder == objects.end()) continue;
        const auto value = holder->second->getAttr(node->s(c10::attr::name));
        if (!value.isObject()) continue;
        objects.emplace(node->output(), value.toObject());
        if (node->output()->type()->kind() != c10::TypeKind::InterfaceType) continue;
        node->output()->setType(value.toObject()->type());
        changed = true;
    }
    return changed;
}

void inlineCalls(const std::shared_ptr<Graph>& graph, const torch::jit::Module& module) {
    bool changed = true;
    while (changed) {
        torch::jit::Inline(*graph);
        torch::jit::InlineForkWait(graph);
        torch::jit::Inline(*graph);  // what was called beside
        Objects objects{{graph->inputs()[0], module._ivalue()}};
        changed = resolveInterfaces(*graph->block(), objects);
    }
}

}  // namespace

std::shared_ptr<Graph> inlinedGraph(const torch::jit::Module& module,
                                    torch::jit::Function& function) {
    auto graph = torch::jit::toGraphFunction(function).graph()->copy();
    inlineCalls(graph, module);
    return graph;
}

std::shared_ptr<const Code> compile(std::shared_ptr<Graph> graph) {
    auto code = std::make_shared<Code>();
    code->written = findWrittenValues(*graph);
    Compiler compiler(code->written);
    code->body = compiler.block(*graph->block());
    code->registers = compiler.registers();
    code->graph = std::move(graph);
    return code;
}

Result<Program> makeProgram(torch::jit::Module module) {
    return guarded("Cannot read what the model computes", [&]() -> Result<Program> {
        const auto method = module.find_method("forward");
        if (!method) {
            return Error{Error::Kind::Unsupported, "Cannot run the model",
                         "it has no forward method", "Save a module with a forward method."};
        }
        auto graph = inlinedGraph(module, method->function());
        auto code = compile(graph);
        return Program{std::move(module), std::move(graph), std::move(code)};
    });
}

}  // namespace espalier::script
