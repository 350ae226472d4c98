// SPDX-License-Identifier: GPL-3.0-or-later
// What a model's code would call, judged on the compiled code, where nothing can hide.
#pragma once

#include <filesystem>

#include <torch/csrc/jit/api/compilation_unit.h>

#include "core/base/result.h"

namespace espalier::script {

/// Goes through every function of `unit`, called or not. Errors: Untrusted, naming the operator or
/// class.
Result<void> checkGraphs(const torch::jit::CompilationUnit& unit);

/// Compiles the code that loading `path` would compile, runs none of it (`__setstate__` runs at
/// load), and checks it. Meant for the guarded child: the compiler itself may crash or run away on
/// a hostile file, or throw on a broken one.
Result<void> checkCodeWithoutRunning(const std::filesystem::path& path);

}  // namespace espalier::script
