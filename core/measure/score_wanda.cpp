// SPDX-License-Identifier: GPL-3.0-or-later
// The criterion wanda: a weight's magnitude by how strong its input is.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>

#include "core/measure/gradient_scores_torch.h"
#include "core/measure/input_features_torch.h"

namespace espalier::measure {

namespace {

constexpr std::int64_t kBatchSize = 128;

/// Numbers of a weight's input features, shaped so that the weight can be multiplied by them.
/// `features`: [in]; each group of a grouped convolution has its own.
at::Tensor besideWeight(const at::Tensor& features, const at::Tensor& weight, UseKind kind,
                        std::int64_t groups) {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(weight.dim()), 1);
    if (kind != UseKind::Convolution || groups == 1) {
        shape[static_cast<std::size_t>(inputAxis(kind))] = features.size(0);
        return features.reshape(shape);
    }
    shape[0] = weight.size(0);
    shape[1] = weight.size(1);
    return features.reshape({groups, 1, weight.size(1)})
        .expand({groups, weight.size(0) / groups, weight.size(1)})
        .reshape(shape);
}

/// The output that each weight adds to; of a grouped transposed convolution, whose weight is
/// [in, out / groups, …], that depends on both axes.
at::Tensor rowsOf(const at::Tensor& weight, UseKind kind, std::int64_t groups) {
    const std::int64_t axis = outputAxis(kind);
    std::vector<std::int64_t> shape(static_cast<std::size_t>(weight.dim()), 1);
    shape[static_cast<std::size_t>(axis)] = weight.size(axis);
    at::Tensor rows = at::arange(weight.size(axis), at::kLong).reshape(shape);
    if (kind == UseKind::TransposedConvolution && groups > 1) {
        shape[1] = 1;
        shape[0] = weight.size(0);
        const at::Tensor group =
            at::arange(weight.size(0), at::kLong).floor_divide(weight.size(0) / groups);
        rows = rows + group.reshape(shape) * weight.size(1);
    }
    return rows.expand(weight.sizes());
}

/// Sun et al. 2023: |w|·‖x‖₂, ‖x‖₂ over all samples and places where the input feature is seen.
class WandaMeter final : public ScoreMeter {
public:
    explicit WandaMeter(const ScoredModel& model)
        : m_model(model),
          m_features(
              model, [](const at::Tensor& values) { return values.to(at::kFloat).square(); },
              FeatureMeter::Sides::Inputs) {}

    Result<void> add(const data::Batch& batch, RunControl& control) override {
        return m_features.add(batch, control);
    }

    void finish(std::int64_t, prune::ScoreState& state) override {
        const at::NoGradGuard noGradients;
        for (int i = 0; i < static_cast<int>(m_model.parameters.size()); ++i) {
            const auto& [name, parameter] = m_model.parameters[static_cast<std::size_t>(i)];
            if (const std::string why = m_features.whyNot(i); !why.empty()) {
                state.whyNot[name] = why;
                continue;
            }
            const SeenWeight& seen = m_features.weights().at(i);
            const UseKind kind = *seen.kinds.begin();
            const at::Tensor weight = parameter.cpu().to(at::kFloat);
            const at::Tensor norms = seen.inputs.sums.sqrt().to(at::kFloat);
            const at::Tensor scores =
                weight.abs() * besideWeight(norms, weight, kind, seen.geometry.groups);
            setScores(state, name, scores, scores);
            state.parameters[name].weights.rows = rowsOf(weight, kind, seen.geometry.groups);
        }
    }

private:
    const ScoredModel& m_model;
    FeatureMeter m_features;
};

}  // namespace

MeasuredCriterion measuredWanda() {
    return {"wanda", kBatchSize, [](const ScoredModel& model) -> std::unique_ptr<ScoreMeter> {
                return std::make_unique<WandaMeter>(model);
            }};
}

}  // namespace espalier::measure
