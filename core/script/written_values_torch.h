// SPDX-License-Identifier: GPL-3.0-or-later
// Which attributes and constants a graph may write to in place.
#pragma once

#include <set>
#include <unordered_set>
#include <utility>

#include <ATen/core/jit_type.h>
#include <torch/csrc/jit/ir/ir.h>

namespace espalier::script {

/// Attributes are named by class and slot: all objects of a class are treated alike.
struct WrittenValues {
    std::set<std::pair<const c10::ClassType*, std::size_t>> attributes;
    std::unordered_set<const torch::jit::Node*> constants;

    bool empty() const { return attributes.empty() && constants.empty(); }
};

/// Follows every attribute and constant through views, containers, branches and loops to the
/// operators that write to their arguments. May name too much, never too little, but for operators
/// whose schema hides that they write.
WrittenValues findWrittenValues(torch::jit::Graph& graph);

/// The values of the top level that nodes from the `first` on (an index into its nodes) may write
/// to in place. Those that are computed before it are followed as above.
std::set<const torch::jit::Value*> findWrittenAfter(torch::jit::Graph& graph, std::size_t first);

}  // namespace espalier::script
