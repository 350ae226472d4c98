// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/nonzero.h>

#include <optional>

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

constexpr std::int64_t kIgnored = -100;  // a target of no class, as PyTorch has it

/// The first target that there is no score for; none when all have one.
std::optional<StrayLabel> strayIn(const at::Tensor& output, const at::Tensor& targets) {
    const std::int64_t classes = output.size(1);
    const at::Tensor isStray = targets.lt(0).logical_or(targets.ge(classes));
    const at::Tensor places = isStray.logical_and(targets.ne(kIgnored)).nonzero();
    if (places.size(0) == 0) return {};
    const at::Tensor first = places[0];
    at::Tensor label = targets;
    for (std::int64_t axis = 0; axis < first.numel(); ++axis)
        label = label[first[axis].item<std::int64_t>()];
    return StrayLabel(first[0].item<std::int64_t>(), label.item<std::int64_t>(), classes);
}

}  // namespace

StrayLabel::StrayLabel(std::int64_t sample, std::int64_t label, std::int64_t classes)
    : std::runtime_error(cat("sample ", sample, " of a batch has the label ", label,
                             ", and the model tells ", classes, " classes apart")),
      sample(sample),
      label(label),
      classes(classes) {}

Loss crossEntropyLoss(double labelSmoothing) {
    return {"cross_entropy", misfit,
            [labelSmoothing](const at::Tensor& output, const at::Tensor& targets) {
                const bool isSmall = output.itemsize() < sizeof(float);
                try {
                    return at::cross_entropy_loss(isSmall ? output.to(at::kFloat) : output,
                                                  targets.to(at::kLong), {}, at::Reduction::Mean,
                                                  kIgnored, labelSmoothing);
                } catch (const c10::Error&) {
                    if (const auto stray = strayIn(output, targets)) throw *stray;
                    throw;
                }
            }};
}

}  // namespace espalier::measure
