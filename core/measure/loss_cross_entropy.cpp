// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ops/cross_entropy_loss.h>

#include "core/base/format.h"
#include "core/measure/loss_torch.h"

namespace espalier::measure {

namespace {

std::string misfit(const at::Tensor& output, const at::Tensor& targets) {
    if (!c10::isIntegralType(targets.scalar_type(), false)) {
        return cat("cross_entropy needs whole class numbers, and the targets are ",
                   shapeText(targets));
    }
    std::vector<std::int64_t> expected = output.sizes().vec();
    const bool hasClasses = output.dim() >= 2 && output.is_floating_point();
    if (hasClasses) expected.erase(expected.begin() + 1);
    if (hasClasses && targets.sizes() == expected) return {};
    return cat(
        "cross_entropy takes scores [samples, classes, …] and classes [samples, …], and the "
        "output is ",
        shapeText(output), ", the targets ", shapeText(targets));
}

}  // namespace

Loss crossEntropyLoss(double labelSmoothing) {
    return {"cross_entropy", misfit,
            [labelSmoothing](const at::Tensor& output, const at::Tensor& targets) {
                const bool isSmall = output.itemsize() < sizeof(float);
                return at::cross_entropy_loss(isSmall ? output.to(at::kFloat) : output,
                                              targets.to(at::kLong), {}, at::Reduction::Mean, -100,
                                              labelSmoothing);
            }};
}

}  // namespace espalier::measure
