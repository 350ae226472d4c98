// SPDX-License-Identifier: GPL-3.0-or-later
// The criterion apoz: how often a channel is not zero (Hu et al., Network Trimming, 2016).
#include <ATen/ops/ne.h>

#include "core/measure/activation_scores_torch.h"

namespace espalier::measure {

MeasuredCriterion measuredApoz() {
    return {"apoz", 128, [](const ScoredModel& model) -> std::unique_ptr<ScoreMeter> {
                return std::make_unique<ActivationMeter>(
                    model, [](const at::Tensor& values) { return values.ne(0).to(at::kFloat); });
            }};
}

}  // namespace espalier::measure
