// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ops/argmax.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/isnan.h>

#include <algorithm>

#include "core/base/format.h"
#include "core/measure/non_finite_torch.h"

namespace espalier::measure {

namespace {

bool isNumber(const at::Tensor& tensor) {
    return !tensor.is_floating_point() || at::isfinite(tensor).all().item<bool>();
}

}  // namespace

/// Infinity alone is no fault: a masked class may have the score −∞.
void NonFinite::look(const data::Batch& batch, const at::Tensor& outputs) {
    const std::int64_t samples = outputs.dim() > 0 ? outputs.size(0) : 0;
    const std::int64_t before = m_seen;
    m_seen += samples;
    if (samples == 0 || !outputs.is_floating_point()) return;
    const at::Tensor isBroken = at::isnan(outputs).reshape({samples, -1}).any(1);
    const auto broken = isBroken.sum().item<std::int64_t>();
    if (broken == 0) return;
    if (m_broken == 0) m_first = before + isBroken.to(at::kByte).argmax().item<std::int64_t>();
    m_broken += broken;
    m_areInputsBroken = m_areInputsBroken || !std::ranges::all_of(batch.inputs, isNumber);
}

std::string NonFinite::note(const data::Dataset& dataset, data::Split split) const {
    if (m_broken == 0) return {};
    const std::string where =
        cat(exactCount(m_broken), " of ", exactCount(m_seen), m_seen == 1 ? " sample" : " samples",
            ", the first is ", dataset.sampleName(split, m_first));
    if (m_areInputsBroken)
        return cat("inputs hold NaN or infinity, and the model's outputs NaN for ", where,
                   ". Remove those samples, or mend what computed them");
    return cat("the model's outputs hold NaN for ", where,
               ", and no input does: its weights hold NaN, it overflows, or the inputs are not "
               "scaled as it expects (--preset, --mean, --std)");
}

}  // namespace espalier::measure
