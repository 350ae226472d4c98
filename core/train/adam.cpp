// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>

#include <optional>

#include "core/train/optimizer_torch.h"

namespace espalier::train {
namespace {

/// at::_fused_adam_ and at::_fused_adamw_ take the same arguments.
using Kernel = void(at::TensorList, at::TensorList, at::TensorList, at::TensorList, at::TensorList,
                    at::TensorList, double, double, double, double, double, bool, bool,
                    const std::optional<at::Tensor>&, const std::optional<at::Tensor>&);
constexpr Kernel* kAdam = at::_fused_adam_;
constexpr Kernel* kAdamW = at::_fused_adamw_;

/// As torch.optim.Adam and torch.optim.AdamW: the kernel decides whether weight decay goes through
/// the gradient (Kingma and Ba 2015) or beside it (Loshchilov and Hutter 2019).
class Adam final : public Optimizer {
public:
    Adam(std::vector<at::Tensor> parameters, const OptimizerOptions& options, Kernel* kernel)
        : Optimizer(std::move(parameters)),
          m_options(options),
          m_kernel(kernel),
          m_mean(zeros()),
          m_square(zeros()) {
        for (const at::Tensor& mean : m_mean)
            m_steps.push_back(at::zeros({}, mean.options().dtype(at::kFloat)));
    }

    std::vector<OptimizerState*> states() override { return {&m_mean, &m_square}; }

private:
    OptimizerState* counts() override { return &m_steps; }

    void stepGroup(const Group& group, double lr) override {
        const std::vector<at::Tensor> steps = group.of(m_steps);
        at::_foreach_add_(steps, 1);
        m_kernel(group.parameters, group.gradients, group.of(m_mean), group.of(m_square), {}, steps,
                 lr, m_options.beta1, m_options.beta2, m_options.weightDecay, m_options.eps,
                 /*amsgrad=*/false,
                 /*maximize=*/false, {}, {});
    }

    OptimizerOptions m_options;
    Kernel* m_kernel;
    OptimizerState m_mean;    // exponential moving averages of the gradient
    OptimizerState m_square;  // and of its square
    OptimizerState m_steps;   // each a scalar
};

}  // namespace

std::unique_ptr<Optimizer> makeAdam(std::vector<at::Tensor> parameters,
                                    const OptimizerOptions& options) {
    return std::make_unique<Adam>(std::move(parameters), options, kAdam);
}

std::unique_ptr<Optimizer> makeAdamW(std::vector<at::Tensor> parameters,
                                     const OptimizerOptions& options) {
    return std::make_unique<Adam>(std::move(parameters), options, kAdamW);
}

}  // namespace espalier::train
