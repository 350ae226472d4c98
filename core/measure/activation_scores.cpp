// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/activation_scores_torch.h"

namespace espalier::measure {

namespace {

/// [1, positions] when the axis of the weight has one position per feature.
void setAxis(prune::ParameterScores& scores, const at::Tensor& weight, std::int64_t axis,
             const FeatureSums& features) {
    if (!features.sums.defined() || features.sums.size(0) != weight.size(axis)) return;
    scores.axes.at(static_cast<std::size_t>(axis)) =
        features.sums.div(static_cast<double>(features.count)).unsqueeze(0);
}

}  // namespace

void ActivationMeter::finish(std::int64_t, prune::ScoreState& state) {
    for (const auto& [index, seen] : m_features.weights()) {
        const auto& [name, weight] = m_model.parameters[static_cast<std::size_t>(index)];
        if (const std::string why = m_features.whyNot(index); !why.empty()) {
            state.whyNot[name] = why;
            continue;
        }
        const UseKind kind = *seen.kinds.begin();
        prune::ParameterScores& scores = state.parameters[name];
        scores.axes.resize(static_cast<std::size_t>(weight.dim()));
        setAxis(scores, weight, outputAxis(kind), seen.outputs);
        // A grouped convolution reads channels that its weight has no axis for.
        if (kind != UseKind::Convolution || seen.geometry.groups == 1)
            setAxis(scores, weight, inputAxis(kind), seen.inputs);
    }
}

}  // namespace espalier::measure
