// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ops/mse_loss.h>

#include "core/base/format.h"
#include "core/measure/loss_torch.h"

namespace espalier::measure {

namespace {

std::string misfit(const at::Tensor& output, const at::Tensor& targets) {
    if (output.is_floating_point() && shapedLike(targets, output).defined()) return {};
    return cat("mse takes as many targets as outputs, and the output is ", shapeText(output),
               ", the targets ", shapeText(targets));
}

}  // namespace

Loss mseLoss() {
    return {"mse", misfit, [](const at::Tensor& output, const at::Tensor& targets) {
                const at::Tensor exact =
                    output.itemsize() < sizeof(float) ? output.to(at::kFloat) : output;
                return at::mse_loss(exact, shapedLike(targets, exact).to(exact.scalar_type()));
            }};
}

}  // namespace espalier::measure
