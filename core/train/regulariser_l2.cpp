// SPDX-License-Identifier: GPL-3.0-or-later
// l2: half the sum of squares (ridge), of which the gradient is the weight itself. With SGD this is
// weight decay on the prunable weights alone.
#include <ATen/Functions.h>

#include "core/train/regularisers_torch.h"

namespace espalier::train {

Penalty makeL2(const Regularised& regularised) {
    const std::vector<at::Tensor> weights = regularised.weights();
    if (weights.empty()) return {};
    return [weights] {
        at::Tensor sum;
        for (const at::Tensor& weight : weights) {
            const at::Tensor own = weight.square().sum() / 2;
            sum = sum.defined() ? sum + own : own;
        }
        return sum;
    };
}

}  // namespace espalier::train
