// SPDX-License-Identifier: GPL-3.0-or-later
// The criterion gradient: how steeply the loss over all samples depends on a weight.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include "core/measure/gradient_scores_torch.h"
#include "core/model/snapshot_torch.h"

namespace espalier::measure {

namespace {

constexpr std::int64_t kBatchSize = 128;

/// |∂L/∂w| of the mean loss over all samples.
class GradientMeter final : public ScoreMeter {
public:
    explicit GradientMeter(const ScoredModel& model)
        : m_model(model), m_sums(model.parameters.size()) {}

    Result<void> add(const data::Batch& batch, RunControl& control) override {
        const auto found = gradients(m_model, batch, control);
        if (!found) return found.error();
        if (auto sound = checkGradients(*found); !sound) return sound;
        const at::NoGradGuard noGradients;
        const auto samples = static_cast<double>(batch.targets.size(0));
        for (std::size_t i = 0; i < found->size(); ++i) {
            if (!(*found)[i].defined()) continue;
            const at::Tensor gradient = (*found)[i].to(at::kFloat);
            if (!m_sums[i].defined()) m_sums[i] = at::zeros_like(gradient);
            m_sums[i].add_(gradient, samples);
        }
        return {};
    }

    void finish(std::int64_t samples, prune::ScoreState& state) override {
        for (std::size_t i = 0; i < m_sums.size(); ++i) {
            const std::string& name = m_model.parameters[i].name;
            if (!m_sums[i].defined()) {
                state.whyNot[name] = std::string(kNoGradient);
                continue;
            }
            at::Tensor mean = m_sums[i].div(static_cast<double>(samples));
            // The other criteria have the weight as a factor, which is zero there.
            if (const at::Tensor kept = keptOf(name); kept.defined())
                mean = mean.masked_fill(kept.to(mean.device()).logical_not(), 0);
            setScores(state, name, mean.abs(), mean.square());
        }
    }

private:
    /// The base mask of a parameter; undefined when it keeps all.
    at::Tensor keptOf(const std::string& parameter) const {
        const auto layer = m_model.snapshot->find(parameter);
        return layer ? m_model.snapshot->state().baseMasks.at(layer->index()) : at::Tensor();
    }

    const ScoredModel& m_model;
    std::vector<at::Tensor> m_sums;  // by parameter
};

}  // namespace

MeasuredCriterion measuredGradient() {
    return {"gradient", kBatchSize, [](const ScoredModel& model) -> std::unique_ptr<ScoreMeter> {
                return std::make_unique<GradientMeter>(model);
            }};
}

}  // namespace espalier::measure
