// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ops/_fused_sgd.h>

#include "core/train/optimizer_torch.h"

namespace espalier::train {
namespace {

/// Stochastic gradient descent with (Nesterov) momentum and L2 weight decay, as torch.optim.SGD.
class Sgd final : public Optimizer {
public:
    Sgd(std::vector<at::Tensor> parameters, const OptimizerOptions& options)
        : Optimizer(std::move(parameters)), m_options(options) {
        if (options.momentum > 0) m_velocity = zeros();
    }

    std::vector<OptimizerState*> states() override { return {&m_velocity}; }

private:
    void stepGroup(const Group& group, double lr) override {
        const auto velocity = m_velocity.empty() ? std::vector<at::Tensor>{} : group.of(m_velocity);
        at::_fused_sgd_(group.parameters, group.gradients, velocity, m_options.weightDecay,
                        m_options.momentum, lr,
                        /*dampening=*/0, m_options.nesterov, /*maximize=*/false,
                        /*is_first_step=*/false);
    }

    OptimizerOptions m_options;
    OptimizerState
        m_velocity;  // empty without momentum; a first step on zeros is what is_first_step would do
};

}  // namespace

std::unique_ptr<Optimizer> makeSgd(std::vector<at::Tensor> parameters,
                                   const OptimizerOptions& options) {
    return std::make_unique<Sgd>(std::move(parameters), options);
}

}  // namespace espalier::train
