// SPDX-License-Identifier: GPL-3.0-or-later
// l1: the lasso (Tibshirani 1996), which makes small weights exactly small enough to prune.
#include <ATen/Functions.h>

#include "core/train/regularisers_torch.h"

namespace espalier::train {

Penalty makeL1(const Regularised& regularised) {
    const std::vector<at::Tensor> weights = regularised.weights();
    if (weights.empty()) return {};
    return [weights] {
        at::Tensor sum;
        for (const at::Tensor& weight : weights) {
            const at::Tensor own = weight.abs().sum();
            sum = sum.defined() ? sum + own : own;
        }
        return sum;
    };
}

}  // namespace espalier::train
