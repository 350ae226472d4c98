// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/gradients_torch.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

namespace espalier::train {

std::vector<at::Tensor> gradientsOf(const std::vector<at::Tensor>& parameters) {
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& parameter : parameters) {
        at::Tensor& gradient = parameter.mutable_grad();
        if (!gradient.defined()) continue;
        if (gradient.is_sparse()) gradient = gradient.to_dense();
        gradients.push_back(gradient);
    }
    return gradients;
}

void clipGradients(const std::vector<at::Tensor>& parameters, double largest) {
    const at::NoGradGuard noGradients;
    const std::vector<at::Tensor> gradients = gradientsOf(parameters);
    if (gradients.empty()) return;
    std::vector<at::Tensor> norms;
    for (const at::Tensor& norm : at::_foreach_norm(gradients, 2))
        norms.push_back(norm.to(at::kFloat));
    const at::Tensor norm = at::linalg_vector_norm(at::stack(norms));
    at::_foreach_mul_(gradients, (largest / (norm + 1e-6)).clamp_max(1));
}

}  // namespace espalier::train
