// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <stdexcept>

#include <ATen/ops/argmax.h>
#include <ATen/ops/kl_div.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/topk.h>

#include "core/base/format.h"
#include "core/measure/scan_metric_torch.h"

namespace espalier::measure {

namespace {

/// [places, classes] in double precision: a sample has one place, or one for each token or pixel.
at::Tensor byPlace(const at::Tensor& scores) {
    const at::Tensor last = scores.dim() == 3 ? scores : scores.movedim(1, -1);
    return last.reshape({-1, last.size(-1)}).to(at::kDouble);
}

double shareOf(const at::Tensor& isEqual) {
    return isEqual.to(at::kDouble).mean().item<double>();
}

ScanFigures sumsAgainstDense(const at::Tensor& scores, const at::Tensor& dense) {
    if (scores.sizes() != dense.sizes()) {
        throw std::runtime_error(cat("the outputs of the two models differ: ", shapeText(scores),
                                     " and ", shapeText(dense)));
    }
    const auto samples = static_cast<double>(scores.size(0));
    const at::Tensor own = byPlace(scores);
    const at::Tensor other = byPlace(dense);
    const at::Tensor answers = other.argmax(1);
    const at::Tensor best = std::get<1>(own.topk(std::min<std::int64_t>(5, own.size(1)), 1));
    const at::Tensor divergence = at::kl_div(own.log_softmax(1), other.log_softmax(1),
                                             at::Reduction::Sum, /*log_target=*/true);
    const auto places = static_cast<double>(own.size(0));
    ScanFigures figures{
        .top1 = samples * shareOf(own.argmax(1).eq(answers)),
        .top5 = samples * shareOf(best.eq(answers.unsqueeze(1)).any(1)),
        .loss = samples * divergence.item<double>() / places,
    };
    figures.score = figures.top1;
    return figures;
}

}  // namespace

ScanMetric agreementMetric() {
    return {"agreement", ScanMetric::Reference::DenseScores, sumsAgainstDense};
}

}  // namespace espalier::measure
