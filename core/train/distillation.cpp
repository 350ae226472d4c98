// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/distillation_torch.h"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "core/base/format.h"
#include "core/model/snapshot_torch.h"

namespace espalier::train {
namespace {

at::Tensor inFullPrecision(const at::Tensor& scores) {
    return scores.itemsize() < sizeof(float) ? scores.to(at::kFloat) : scores;
}

}  // namespace

Teacher::Teacher(const model::Snapshot& dense, const measure::Placement& placement,
                 std::string output, const Distillation& options)
    : m_module(model::cloneModule(dense.state().module)),
      m_output(std::move(output)),
      m_options(options) {
    m_module.eval();
    m_module.to(placement.device);
}

std::string Teacher::misfit(const at::Tensor& scores, const data::Batch& batch) const {
    if (scores.dim() < 2 || scores.size(1) < 2 || !scores.is_floating_point()) {
        return cat("it compares scores [samples, classes, …], and the output is ",
                   measure::shapeText(scores));
    }
    at::Tensor dense;
    try {
        dense = outputs(batch);
    } catch (const std::exception& failure) {
        return cat("the model that it learns from does not run on this data: ",
                   detail::errorFromException("distillation", failure).why);
    }
    if (dense.sizes() == scores.sizes()) return {};
    return cat("the output is ", measure::shapeText(scores), ", that of the dense model ",
               measure::shapeText(dense));
}

at::Tensor Teacher::loss(const at::Tensor& loss, const at::Tensor& scores,
                         const data::Batch& batch) const {
    const double t = m_options.temperature;
    const at::Tensor taught = at::log_softmax(inFullPrecision(outputs(batch)) / t, 1);
    const at::Tensor own = at::log_softmax(inFullPrecision(scores) / t, 1);
    const at::Tensor divergence = (taught.exp() * (taught - own)).sum(1).mean();
    return (1 - m_options.weight) * loss + m_options.weight * t * t * divergence;
}

at::Tensor Teacher::outputs(const data::Batch& batch) const {
    const at::NoGradGuard noGradients;
    return measure::scores(m_module, batch, m_output);
}

}  // namespace espalier::train
