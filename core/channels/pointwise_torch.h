// SPDX-License-Identifier: GPL-3.0-or-later
// What Torch itself says of its operators.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

namespace espalier::channels {

/// Whether an operator works element by element.
bool isPointwise(const torch::jit::Node& node);

}  // namespace espalier::channels
