// SPDX-License-Identifier: GPL-3.0-or-later
// The new classes and objects of a rewritten module.
#pragma once

#include <memory>
#include <unordered_map>

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

#include "core/script/rewriter_torch.h"

namespace espalier::script {

using ObjectPtr = c10::intrusive_ptr<c10::ivalue::Object>;
/// Per old submodule object: the class of its new one.
using ClassMap = std::unordered_map<const c10::ivalue::Object*, c10::ClassTypePtr>;

/// A copy of the tree of module objects under `root`, each object of a class of its own in `unit`,
/// without methods. Objects that are no modules are shared with the original.
ObjectPtr newObjects(const ObjectPtr& root,
                     const std::shared_ptr<torch::jit::CompilationUnit>& unit,
                     const ReplaceTensor& replace);

/// The classes of a copy that `newObjects` made, found by walking both trees.
ClassMap classesOf(const ObjectPtr& old, const ObjectPtr& made);

}  // namespace espalier::script
