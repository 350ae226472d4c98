// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ops/binary_cross_entropy_with_logits.h>

#include "core/base/format.h"
#include "core/measure/loss_torch.h"

namespace espalier::measure {

namespace {

bool areShares(const at::Tensor& targets) {
    return targets.numel() == 0 ||
           (targets.min().item<double>() >= 0 && targets.max().item<double>() <= 1);
}

std::string misfit(const at::Tensor& output, const at::Tensor& targets) {
    if (!output.is_floating_point() || !shapedLike(targets, output).defined()) {
        return cat("bce takes as many targets as outputs, and the output is ", shapeText(output),
                   ", the targets ", shapeText(targets));
    }
    return areShares(targets) ? std::string() : "bce takes targets from 0 to 1, and some are not";
}

}  // namespace

Loss bceLoss() {
    return {"bce", misfit, [](const at::Tensor& output, const at::Tensor& targets) {
                const at::Tensor exact =
                    output.itemsize() < sizeof(float) ? output.to(at::kFloat) : output;
                return at::binary_cross_entropy_with_logits(
                    exact, shapedLike(targets, exact).to(exact.scalar_type()));
            }};
}

}  // namespace espalier::measure
