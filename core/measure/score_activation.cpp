// SPDX-License-Identifier: GPL-3.0-or-later
// The criterion activation: how strong a channel is on average.
#include "core/measure/activation_scores_torch.h"

namespace espalier::measure {

MeasuredCriterion measuredActivation() {
    return {"activation", 128, [](const ScoredModel& model) -> std::unique_ptr<ScoreMeter> {
                return std::make_unique<ActivationMeter>(
                    model, [](const at::Tensor& values) { return values.abs(); });
            }};
}

}  // namespace espalier::measure
