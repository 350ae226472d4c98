// SPDX-License-Identifier: GPL-3.0-or-later
// A module made anew, so that its tensors and its code can be changed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include "core/base/result.h"
#include "core/script/interpreter_torch.h"

namespace espalier::script {

/// What takes the place of the tensor at a path of the module ("layer1.0.conv1.weight"): another
/// one, or the same, which is then shared with the original module.
using ReplaceTensor = std::function<at::Tensor(const std::string& path, const at::Tensor& tensor)>;

/// A module on its way: new classes (one per submodule object, so that classes that were shared no
/// longer are), new objects, the inlined forward retyped to them. It has no methods until
/// `finished`; the graph may be edited before that.
struct Draft {
    torch::jit::Module module;
    std::shared_ptr<torch::jit::Graph> graph;
    /// The node of `graph` that does what a node of the original program's graph does.
    std::unordered_map<const torch::jit::Node*, torch::jit::Node*> nodes;
    torch::jit::Module original;
    std::shared_ptr<const c10::FunctionSchema> schema;  ///< of forward
};

/// Makes a draft of `program`. Names, parameter and buffer flags, constants and all other
/// attributes stay. A submodule reached by two paths stays one object; a tensor reached by two
/// paths, or held in a list attribute as well, is replaced once (by its first path).
/// Errors: Unsupported when a submodule is chosen at run time in a way that cannot be followed.
Result<Draft> makeDraft(const Program& program, const ReplaceTensor& replace);

/// The arguments of forward.
std::shared_ptr<const c10::FunctionSchema> schemaOf(const Program& program);

/// A program that runs the draft as it is now (see runObserved).
Program programOf(const Draft& draft);

struct Finished {
    torch::jit::Module module;
    std::vector<std::string> otherMethods;    ///< of the module itself, beside forward
    std::vector<std::string> droppedMethods;  ///< could not be kept
};

/// Gives the module its methods: forward as the draft has it, the module's other methods and hooks
/// with their calls inlined. Methods of submodules are gone (forward holds what they did). The
/// draft's graph must not be edited afterwards.
Result<Finished> finished(const Draft& draft);

/// A draft that is finished at once: the same module in new classes, tensors copied.
Result<torch::jit::Module> rewritten(const Program& program);

}  // namespace espalier::script
