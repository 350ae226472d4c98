// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/bincount.h>

#include "core/base/format.h"
#include "core/measure/input_features_torch.h"

namespace espalier::measure {

namespace {

bool isConvolution(UseKind kind) {
    return kind == UseKind::Convolution || kind == UseKind::TransposedConvolution;
}

/// Whether two uses mean the same axes of the weight by input and output.
bool areAlike(UseKind a, UseKind b) {
    return inputAxis(a) == inputAxis(b);
}

}  // namespace

void FeatureSums::add(const at::Tensor& more, std::int64_t moreCount) {
    sums = sums.defined() ? sums + more : more;
    count += moreCount;
}

Result<void> FeatureMeter::add(const data::Batch& batch, RunControl& control) {
    UseObserver observer(m_model, [this](const SeenUse& use) {
        const at::NoGradGuard noGradients;
        take(use);
    });
    const auto output = runAll(m_model, batch, observer, control);
    if (!output) return output.error();
    m_others.insert(observer.otherUses().begin(), observer.otherUses().end());
    for (const auto& [parameter, seen] : m_weights) {
        if (std::isfinite(seen.inputs.sums.sum().item<double>())) continue;
        return Error{Error::Kind::Damaged, "Cannot look at activations",
                     cat("what ", m_model.parameters[static_cast<std::size_t>(parameter)].name,
                         " is multiplied by is NaN or infinite"),
                     "See whether the data holds such numbers, and whether the weights are sound"};
    }
    return {};
}

void FeatureMeter::take(const SeenUse& use) {
    SeenWeight& seen = m_weights[use.parameter];
    seen.kinds.insert(use.kind);
    seen.geometry = use.geometry;
    const auto addTo = [&](FeatureSums& sums, const at::Tensor& values) {
        if (values.numel() == 0) return;
        const std::int64_t axis =
            isConvolution(use.kind) ? values.dim() - 1 - std::ssize(use.geometry.stride) : -1;
        sums.add(sumAlong(m_each(values.detach()), axis), values.numel() / values.size(axis));
    };
    if (use.kind == UseKind::Embedding) {
        const at::Tensor& weight =
            m_model.parameters[static_cast<std::size_t>(use.parameter)].tensor;
        const at::Tensor counts =
            use.input.flatten().to(at::kCPU, at::kLong).bincount({}, weight.size(0));
        seen.inputs.add(counts.to(at::kDouble), use.input.numel());
    } else {
        addTo(seen.inputs, use.input);
    }
    if (m_sides == Sides::Both && use.output.defined()) addTo(seen.outputs, use.output);
}

std::string FeatureMeter::whyNot(int parameter) const {
    if (const auto other = m_others.find(parameter); other != m_others.end()) return other->second;
    const auto seen = m_weights.find(parameter);
    if (seen == m_weights.end()) return "no operator is seen to multiply by it";
    const auto& kinds = seen->second.kinds;
    for (const UseKind kind : kinds) {
        if (!areAlike(kind, *kinds.begin()))
            return "it is used both as rows and as columns of a product";
    }
    return {};
}

}  // namespace espalier::measure
