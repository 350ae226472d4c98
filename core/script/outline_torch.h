// SPDX-License-Identifier: GPL-3.0-or-later
// Long code in short functions.
#pragma once

#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/ir/ir.h>

namespace espalier::script {

/// Moves what a long graph computes into functions of `unit`, piece by piece, each in a source file
/// of its own when saved. Loading takes time and memory that grow with the size of a source file
/// times the number of variables in its branches: a flat ResNet-like graph of 4 000 nodes needed
/// 5 s and 1 GB. What the graph gives stays the same. Leaves alone what is short, and graphs that
/// set attributes (their order matters).
void outlineParts(torch::jit::Graph& graph, torch::jit::CompilationUnit& unit);

}  // namespace espalier::script
