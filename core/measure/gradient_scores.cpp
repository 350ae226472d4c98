// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include "core/measure/gradient_scores_torch.h"

namespace espalier::measure {

Result<void> checkGradients(const std::vector<at::Tensor>& gradients) {
    for (const at::Tensor& gradient : gradients) {
        if (!gradient.defined() || std::isfinite(gradient.sum(at::kDouble).item<double>()))
            continue;
        return Error{Error::Kind::Damaged, "Cannot measure gradients",
                     "the loss has gradients that are NaN or infinite",
                     "See whether the data is normalised as the model was trained on, and whether "
                     "its weights are sound"};
    }
    return {};
}

void setScores(prune::ScoreState& state, const std::string& parameter, const at::Tensor& values,
               const at::Tensor& summed) {
    prune::ParameterScores& scores = state.parameters[parameter];
    scores.weights.values = values.cpu();
    for (std::int64_t axis = 0; axis < summed.dim(); ++axis)
        scores.axes.push_back(sumAlong(summed, axis).unsqueeze(0));
}

}  // namespace espalier::measure
