// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "core/base/format.h"
#include "core/train/optimizer_torch.h"

namespace espalier::train {
namespace {

struct Entry {
    std::string_view name;
    OptimizerMaker make;
};

constexpr std::array kOptimizers{
    Entry{"sgd", makeSgd},
    Entry{"adam", makeAdam},
    Entry{"adamw", makeAdamW},
};

}  // namespace

std::vector<std::string> optimizerNames() {
    std::vector<std::string> names;
    for (const Entry& entry : kOptimizers) names.emplace_back(entry.name);
    return names;
}

std::unique_ptr<Optimizer> makeOptimizer(std::vector<at::Tensor> parameters,
                                         const OptimizerOptions& options) {
    for (const Entry& entry : kOptimizers) {
        if (entry.name == options.name) return entry.make(std::move(parameters), options);
    }
    throw std::invalid_argument("there is no optimizer " + options.name);
}

Optimizer::Optimizer(std::vector<at::Tensor> parameters) : m_parameters(std::move(parameters)) {
    for (const at::Tensor& parameter : m_parameters) {
        if (std::ranges::find(m_types, parameter.scalar_type()) == m_types.end()) {
            m_types.push_back(parameter.scalar_type());
        }
    }
}

OptimizerState Optimizer::zeros() const {
    OptimizerState state;
    for (const at::Tensor& parameter : m_parameters)
        state.push_back(at::zeros_like(parameter.detach()));
    return state;
}

void Optimizer::step(double lr) {
    const at::NoGradGuard noGradients;
    for (const at::ScalarType type : m_types) {
        Group group;
        for (std::size_t i = 0; i < m_parameters.size(); ++i) {
            const at::Tensor& gradient = m_parameters[i].grad();
            if (!gradient.defined() || m_parameters[i].scalar_type() != type) continue;
            group.indices.push_back(i);
            group.parameters.push_back(m_parameters[i]);
            group.gradients.push_back(gradient.is_sparse() ? gradient.to_dense() : gradient);
        }
        if (!group.indices.empty()) stepGroup(group, lr);
    }
}

void Optimizer::save(RunState& state) {
    int number = 0;
    for (const OptimizerState* each : states())
        state.set(cat("optimizer.", number++), stored(*each));
    if (const OptimizerState* each = counts()) state.set("optimizer.counts", stored(*each));
}

void Optimizer::load(const RunState& state) {
    int number = 0;
    for (OptimizerState* each : states())
        restore(*each, state.get(cat("optimizer.", number++)), "optimizer's values");
    if (OptimizerState* each = counts())
        restore(*each, state.get("optimizer.counts"), "optimizer's counts");
}

std::vector<at::Tensor> Optimizer::Group::of(const OptimizerState& state) const {
    std::vector<at::Tensor> chosen;
    for (const std::size_t index : indices) chosen.push_back(state[index]);
    return chosen;
}

}  // namespace espalier::train
