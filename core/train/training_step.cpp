// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/training_step_torch.h"

#include <cmath>

#include "core/measure/scores_torch.h"
#include "core/train/gradients_torch.h"
#include "core/train/parameters_torch.h"

namespace espalier::train {

TrainingStep::TrainingStep(torch::jit::Module module, TrainingLoss loss, std::string output,
                           const Recipe& recipe, const Precision& precision)
    : m_module(std::move(module)),
      m_loss(std::move(loss)),
      m_output(std::move(output)),
      m_precision(precision),
      m_clipNorm(recipe.clipNorm),
      m_parameters(trainableParameters(m_module)),
      m_optimizerOptions(recipe.optimizer),
      m_optimizer(makeOptimizer(m_parameters, m_optimizerOptions)),
      m_scaler(precision.reduced == at::kHalf),
      m_parts(recipe.halveBatchToFit) {}

void TrainingStep::setMasks(std::unique_ptr<MaskEnforcer> masks) {
    m_masks = std::move(masks);
    if (!m_masks) return;
    m_masks->maskWeights();
    m_masks->maskState(*m_optimizer);
}

void TrainingStep::resetOptimizer() {
    m_optimizer = makeOptimizer(m_parameters, m_optimizerOptions);
}

Result<double> TrainingStep::run(const data::Batch& batch, double lr) {
    const auto loss = m_parts.run(
        batch, m_parameters,
        [this](const data::Batch& part, double share) { return addGradients(part, share); });
    if (loss && std::isfinite(*loss)) update(lr);
    return loss;
}

Result<double> TrainingStep::addGradients(const data::Batch& batch, double share) {
    const at::Tensor loss = lossOf(batch);
    const double value = loss.item<double>();
    if (!std::isfinite(value)) return value;
    if (!loss.requires_grad()) {
        return Error{
            Error::Kind::Failed, "This model cannot be fine-tuned",
            "the loss does not depend on any parameter by a gradient",
            "Use a model that was not frozen and does not switch gradients off in forward; a loss "
            "module must not either"};
    }
    m_scaler.scaled(share == 1 ? loss : loss.mul(share)).backward();
    return value;
}

at::Tensor TrainingStep::lossOf(const data::Batch& batch) {
    const Autocast autocast(m_precision);
    return m_loss(measure::scores(m_module, batch, m_output), batch);
}

void TrainingStep::update(double lr) {
    if (!m_scaler.unscale(m_parameters)) return;
    if (m_afterBackward) m_afterBackward(lr);
    if (m_masks) m_masks->maskGradients();
    // The norm is that of the weights that are left.
    if (m_clipNorm > 0) clipGradients(m_parameters, m_clipNorm);
    m_optimizer->step(lr);
    if (m_masks) m_masks->maskWeights();
}

void TrainingStep::save(RunState& state) const {
    m_optimizer->save(state);
    m_scaler.save(state);
    if (m_masks) m_masks->save(state);
}

void TrainingStep::load(const RunState& state) {
    m_optimizer->load(state);
    m_scaler.load(state);
    if (m_masks) m_masks->load(state, m_parameters);
}

}  // namespace espalier::train
