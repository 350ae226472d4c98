// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <limits>

#include <ATen/ops/argmax.h>
#include <ATen/ops/topk.h>

#include "core/measure/scan_metric_torch.h"

namespace espalier::measure {

namespace {

constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

double count(const at::Tensor& isRight) {
    return static_cast<double>(isRight.sum().item<std::int64_t>());
}

void addShares(const at::Tensor& exact, const at::Tensor& labels, ScanFigures& figures) {
    const at::Tensor best = std::get<1>(exact.topk(std::min<std::int64_t>(5, exact.size(1)), 1));
    figures.top1 = count(exact.argmax(1).eq(labels));
    figures.top5 = count(best.eq(labels.unsqueeze(1)).any(1));
}

double scoreOf(const Metric& metric, const ScanFigures& figures) {
    if (metric.kind == Metric::Kind::Loss) return figures.loss;
    return metric.kind == Metric::Kind::Top5 ? figures.top5 : figures.top1;
}

}  // namespace

ScanMetric targetMetric(const Metric& metric, const Loss& loss,
                        const std::optional<JudgeModule>& module) {
    const auto sums = [metric, loss, module](const at::Tensor& scores, const at::Tensor& targets) {
        const auto samples = static_cast<double>(scores.size(0));
        const at::Tensor exact = scores.to(at::kDouble);
        ScanFigures figures{.top1 = kNotMeasured, .top5 = kNotMeasured};
        if (metric.hasShares) addShares(exact, targets, figures);
        figures.loss =
            samples * loss.mean(loss.takesDouble ? exact : scores, targets).item<double>();
        figures.score =
            module ? samples * (*module)(scores, targets).item<double>() : scoreOf(metric, figures);
        return figures;
    };
    return {"labels", ScanMetric::Reference::Labels, sums};
}

ScanMetric labelMetric() {
    return targetMetric({}, crossEntropyLoss(), {});
}

}  // namespace espalier::measure
