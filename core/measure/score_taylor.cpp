// SPDX-License-Identifier: GPL-3.0-or-later
// The criterion taylor: how much the loss would change without a weight, to first order.
#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include "core/measure/gradient_scores_torch.h"

namespace espalier::measure {

namespace {

/// Small enough for several batches of a usual slice: the criterion averages over them.
constexpr std::int64_t kBatchSize = 64;

/// Σ over batches of |w·∂L/∂w|, each batch by its share of the samples; for channels the sums of
/// w·∂L/∂w along each axis, one row per batch, so that (Σ w·∂L/∂w)² can be had for any of them.
class TaylorMeter final : public ScoreMeter {
public:
    explicit TaylorMeter(const ScoredModel& model)
        : m_model(model), m_sums(model.parameters.size()), m_rounds(model.parameters.size()) {}

    Result<void> add(const data::Batch& batch, RunControl& control) override {
        const auto found = gradients(m_model, batch, control);
        if (!found) return found.error();
        if (auto sound = checkGradients(*found); !sound) return sound;
        const at::NoGradGuard noGradients;
        const auto samples = static_cast<double>(batch.targets.size(0));
        for (std::size_t i = 0; i < found->size(); ++i) {
            const at::Tensor& gradient = (*found)[i];
            if (!gradient.defined()) continue;
            const at::Tensor products = (m_model.parameters[i].tensor * gradient).to(at::kFloat);
            if (!m_sums[i].defined()) m_sums[i] = at::zeros_like(products);
            m_sums[i].add_(products.abs(), samples);
            m_rounds[i].resize(static_cast<std::size_t>(products.dim()));
            for (std::int64_t axis = 0; axis < products.dim(); ++axis)
                m_rounds[i][static_cast<std::size_t>(axis)].push_back(
                    sumAlong(products, axis).mul_(std::sqrt(samples)));
        }
        return {};
    }

    void finish(std::int64_t samples, prune::ScoreState& state) override {
        const auto count = static_cast<double>(samples);
        for (std::size_t i = 0; i < m_sums.size(); ++i) {
            const std::string& name = m_model.parameters[i].name;
            if (!m_sums[i].defined()) {
                state.whyNot[name] = std::string(kNoGradient);
                continue;
            }
            prune::ParameterScores& scores = state.parameters[name];
            scores.weights.values = m_sums[i].div_(count).cpu();
            for (const auto& rounds : m_rounds[i])
                scores.axes.push_back(at::stack(rounds).div_(std::sqrt(count)));
        }
    }

private:
    const ScoredModel& m_model;
    std::vector<at::Tensor> m_sums;                              // by parameter
    std::vector<std::vector<std::vector<at::Tensor>>> m_rounds;  // by parameter, axis, batch
};

}  // namespace

MeasuredCriterion measuredTaylor() {
    return {"taylor", kBatchSize, [](const ScoredModel& model) -> std::unique_ptr<ScoreMeter> {
                return std::make_unique<TaylorMeter>(model);
            }};
}

}  // namespace espalier::measure
