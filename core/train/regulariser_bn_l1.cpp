// SPDX-License-Identifier: GPL-3.0-or-later
// bn_l1: the scales of batch norms are drawn to zero, and with them the channels that can go
// (network slimming, Liu et al. 2017).
#include <ATen/Functions.h>

#include "core/train/regularisers_torch.h"

namespace espalier::train {

Penalty makeBatchNormL1(const Regularised& regularised) {
    std::vector<at::Tensor> scales;
    for (const model::Layer& layer : regularised.snapshot.layers()) {
        const at::Tensor scale =
            layer.op == "batch_norm" ? regularised.trained(layer) : at::Tensor();
        if (scale.defined()) scales.push_back(scale);
    }
    if (scales.empty()) return {};
    return [scales] { return at::cat(scales).abs().sum(); };
}

}  // namespace espalier::train
