// SPDX-License-Identifier: GPL-3.0-or-later
// What happens to all gradients together, between the backward pass and the optimizer.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace espalier::train {

/// The gradients there are, dense: those of embeddings that came sparse are made dense in place.
std::vector<at::Tensor> gradientsOf(const std::vector<at::Tensor>& parameters);

/// Shortens all gradients by one factor so that their Euclidean norm, taken over all of them
/// together, is at most `largest`: torch.nn.utils.clip_grad_norm_.
void clipGradients(const std::vector<at::Tensor>& parameters, double largest);

}  // namespace espalier::train
