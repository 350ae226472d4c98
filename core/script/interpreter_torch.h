// SPDX-License-Identifier: GPL-3.0-or-later
// The observed run: forward executed node by node on real tensors, every value shown to an
// observer.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/script/input_spec.h"

namespace espalier::script {

struct Code;  // the graph made ready to run: steps_torch.h

/// A module with its inlined forward graph. The graph is a copy: the module's own is not touched.
/// May be run by several threads at once.
struct Program {
    torch::jit::Module module;
    std::shared_ptr<torch::jit::Graph> graph;
    std::shared_ptr<const Code> code;
    /// Arguments and their defaults; null: those of the module's own forward.
    std::shared_ptr<const c10::FunctionSchema> schema = nullptr;
};

/// Errors: Unsupported when the module has no forward.
Result<Program> makeProgram(torch::jit::Module module);

/// A copy of the graph of a method of `module`, with all calls on its submodules inlined. Throws
/// what torch throws.
std::shared_ptr<torch::jit::Graph> inlinedGraph(const torch::jit::Module& module,
                                                torch::jit::Function& function);

/// One executed node; a prim::If or prim::Loop is shown after the nodes in it. The spans are valid
/// during the call only, `node` as long as the program (for nodes of a method called through an
/// interface: during the run).
struct NodeEvent {
    const torch::jit::Node* node = nullptr;
    std::span<const c10::IValue> inputs;
    std::span<const c10::IValue> outputs;
};

/// Sees every executed node in order; loops come unrolled, branches decided.
class Observer {
public:
    virtual ~Observer() = default;
    /// Before `node` runs: may change what goes into it, or give its outputs, and then it does not
    /// run. Asked for prim::If and prim::Loop before their blocks run: these must not be given
    /// outputs.
    virtual std::optional<std::vector<c10::IValue>> before(const torch::jit::Node& /*node*/,
                                                           std::vector<c10::IValue>& /*inputs*/) {
        return std::nullopt;
    }
    virtual void onNode(const NodeEvent& event) = 0;
    /// The node that failed, before the run ends with its error. It has no outputs.
    virtual void onFailure(const NodeEvent&) {}
    /// Before the steps of a block: a branch, one round of a loop, a called method. `owner` is the
    /// node that holds or calls it; null for forward itself. `arguments` are the block's
    /// parameters.
    virtual void onEnter(const torch::jit::Node* /*owner*/, const torch::jit::Block& /*block*/,
                         std::span<const c10::IValue> /*arguments*/) {}
    /// After the steps of a block.
    virtual void onLeave(const torch::jit::Block& /*block*/) {}
};

/// Runs `program` on `inputs` (without self) and returns what forward returns, bit for bit what
/// module.forward gives.
///
/// Arguments of forward that have defaults may be left out at the end. The module is not changed:
/// SetAttr and in-place writes to its tensors go to an overlay that ends with the run. The caller's
/// grad mode holds, and is what it was when this returns. A value is freed after its last use.
/// Warnings and prints of the model are left out. Errors: BadArgument (too few or too many inputs);
/// Failed, naming the op and its source line; Cancelled.
Result<c10::IValue> runObserved(const Program& program, std::vector<c10::IValue> inputs,
                                Observer& observer, RunControl& control);

/// A seeded example of each input (see InputSpec), in the order of forward's arguments.
std::vector<c10::IValue> exampleInputs(std::span<const InputSpec> specs, std::uint64_t seed);

/// Every tensor in `value`, in order: tuples, lists and dicts are walked, None is skipped.
std::vector<at::Tensor> tensorsIn(const c10::IValue& value);

}  // namespace espalier::script
