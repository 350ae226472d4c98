// SPDX-License-Identifier: GPL-3.0-or-later
// The parameters of a module, made ready to be trained.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

namespace espalier::train {

/// Lets every tensor of a module that is a parameter under another name be that parameter.
///
/// A saved file remembers that tied weights, or an LSTM's list of its weights, share memory, but
/// they come back as several tensors: each would collect a gradient of its own, and moving the
/// module to another device would part them. Call before moving it.
void tieSharedParameters(torch::jit::Module& module);

/// Every floating-point parameter that requires a gradient in the file, or all when none does, each
/// once, ready to collect gradients and to be walked by fused optimizers.
std::vector<at::Tensor> trainableParameters(const torch::jit::Module& module);

}  // namespace espalier::train
