// SPDX-License-Identifier: GPL-3.0-or-later
// A graph made ready to run: nodes as steps, values as numbered registers, and when each value is
// needed for the last time. Made once per program, then shared by all runs.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <ATen/core/stack.h>
#include <torch/csrc/jit/ir/ir.h>

#include "core/script/written_values_torch.h"

namespace espalier::script {

using Register = int;
/// Pops a node's inputs off the stack and pushes its outputs. May be called from several threads.
using StackFunction = std::function<void(torch::jit::Stack&)>;

struct Step;

/// A block of a graph. A register read in an inner block counts as read by the step that holds the
/// block.
struct StepBlock {
    const torch::jit::Block* block = nullptr;
    std::vector<Register> parameters;
    std::vector<Step> steps;
    std::vector<Register> results;
    std::vector<Register>
        ownResults;  ///< results that are defined in this block: freed once it is left
};

/// One node. `Operator` runs by `function` alone; the other kinds need the run's own state.
struct Step {
    enum class Kind {
        Operator,
        Constant,
        WrittenConstant,
        GetAttr,
        SetAttr,
        If,
        Loop,
        Call,
        CallMethod
    };

    Kind kind = Kind::Operator;
    const torch::jit::Node* node = nullptr;
    StackFunction function;  ///< of Operator
    c10::IValue constant;    ///< of Constant and WrittenConstant
    torch::jit::Function* callee =
        nullptr;                    ///< of Call; null for a CallMethod: the object's type decides
    std::string method;             ///< of CallMethod
    std::size_t slot = 0;           ///< of GetAttr and SetAttr
    std::vector<StepBlock> blocks;  ///< of If (then, else) and Loop (body)
    std::vector<Register> inputs;
    std::vector<Register> outputs;
    std::vector<Register> dead;  ///< registers that nobody reads after this step
};

/// A function's graph as steps. `body.parameters` are the graph's inputs, self first.
struct Code {
    std::shared_ptr<torch::jit::Graph> graph;
    StepBlock body;
    std::size_t registers = 0;
    WrittenValues written;
};

/// Makes `graph` ready. It must be inlined, and must not be changed afterwards.
std::shared_ptr<const Code> compile(std::shared_ptr<torch::jit::Graph> graph);

/// How `node` runs when it is neither control flow nor an attribute: by hand for the nodes that
/// only TorchScript's own interpreter knows, by the registered operator for all others. A node
/// without either fails when it is run.
StackFunction functionOf(torch::jit::Node* node);

}  // namespace espalier::script
