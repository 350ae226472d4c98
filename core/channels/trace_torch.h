// SPDX-License-Identifier: GPL-3.0-or-later
// What one observed run did: every executed step, every value's shape, no activation kept.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/ir/ir.h>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/script/interpreter_torch.h"

namespace espalier::channels {

/// Index into Trace::values. A tensor has one id for as long as it lives with one shape: what an
/// in-place operator returns, what an If or a Loop hands on, and what is taken out of a list have
/// the id of the tensor that they are. Other values have an id per execution of the node that made
/// them; block parameters and results of If and Loop resolve to the id of what they carry.
using ValueId = int;

struct TraceValue {
    bool isTensor = false;
    std::vector<std::int64_t> shape;  ///< of a tensor
    at::ScalarType dtype = at::ScalarType::Undefined;
    std::string path;  ///< of a tensor that is a parameter, buffer or attribute (canonical: the
                       ///< first path of its memory), else empty; of an object: its module path
    bool isConstant = false;  ///< a tensor that is written in the code
    /// What it is, for numbers, texts, None and containers of such (copied, so it does not change
    /// later), and for small integer or boolean tensors, which may be indices; None for other
    /// tensors, objects and containers of tensors.
    c10::IValue value;
    std::vector<ValueId> elements;  ///< of a container: the tensors in it, in order, depth first
};

/// One executed node. prim::If, prim::Loop and calls come after the steps in them.
struct TraceStep {
    const torch::jit::Node* node = nullptr;  ///< of the program's graph (or of a called method's)
    std::vector<ValueId> inputs;             ///< as node->inputs()
    std::vector<ValueId> outputs;            ///< as node->outputs()
};

struct Trace {
    std::vector<TraceStep> steps;
    std::vector<TraceValue> values;
    std::vector<ValueId> inputs;   ///< tensors in the example inputs, in order
    std::vector<ValueId> outputs;  ///< tensors in what forward returned, in order
    std::vector<std::shared_ptr<torch::jit::Graph>> graphs;  ///< keeps the nodes of the steps alive
};

/// Where a node comes from, for people: its module path as far as the file tells ("layer1.0"), else
/// empty.
std::string modulePathOf(const torch::jit::Node& node);

/// Runs `program` with gradients on (so that attention shows its products) and records the run.
/// Errors: those of script::runObserved.
Result<Trace> recordTrace(const script::Program& program, std::vector<c10::IValue> inputs,
                          RunControl& control);

}  // namespace espalier::channels
