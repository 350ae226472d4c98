// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <ATen/ops/argmax.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/topk.h>

#include "core/measure/scan_metric_torch.h"

namespace espalier::measure {

namespace {

ScanFigures sumsAgainstLabels(const at::Tensor& scores, const at::Tensor& labels) {
    const at::Tensor exact = scores.to(at::kDouble);
    const at::Tensor best = std::get<1>(exact.topk(std::min<std::int64_t>(5, exact.size(1)), 1));
    const auto count = [](const at::Tensor& isRight) {
        return static_cast<double>(isRight.sum().item<std::int64_t>());
    };
    return {.top1 = count(exact.argmax(1).eq(labels)),
            .top5 = count(best.eq(labels.unsqueeze(1)).any(1)),
            .loss = at::cross_entropy_loss(exact, labels, {}, at::Reduction::Sum).item<double>()};
}

}  // namespace

ScanMetric labelMetric() {
    return {"labels", ScanMetric::Reference::Labels, sumsAgainstLabels};
}

}  // namespace espalier::measure
