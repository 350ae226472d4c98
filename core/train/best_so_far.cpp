// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/best_so_far_torch.h"

#include <ATen/core/grad_mode.h>

#include "core/train/evaluation_state_torch.h"

namespace espalier::train {
namespace {

std::vector<at::Tensor> valuesOf(const torch::jit::Module& module) {
    std::vector<at::Tensor> values;
    for (const at::Tensor& parameter : module.parameters()) values.push_back(parameter.detach());
    for (const at::Tensor& buffer : module.buffers()) values.push_back(buffer.detach());
    return values;
}

bool isBetter(const measure::Evaluation& a, const measure::Evaluation& b) {
    return a.score != b.score ? a.metric.isBetter(a.score, b.score) : a.loss < b.loss;
}

}  // namespace

bool BestSoFar::offer(const torch::jit::Module& module, const measure::Evaluation& evaluation,
                      int epoch) {
    if (!m_values.empty() && !isBetter(evaluation, m_evaluation)) return false;
    take(module);
    m_evaluation = evaluation;
    m_epoch = epoch;
    return true;
}

void BestSoFar::take(const torch::jit::Module& module) {
    m_values.clear();
    for (const at::Tensor& value : valuesOf(module))
        m_values.push_back(value.to(at::kCPU, /*non_blocking=*/false, /*copy=*/true));
}

void BestSoFar::restore(const torch::jit::Module& module) const {
    const at::NoGradGuard noGradients;
    const std::vector<at::Tensor> values = valuesOf(module);
    for (std::size_t i = 0; i < values.size(); ++i) values[i].copy_(m_values.at(i));
}

void BestSoFar::save(RunState& state) const {
    state.set("best.values", stored(m_values));
    state.set("best.epoch", m_epoch);
    saveEvaluation(state, "best", m_evaluation);
}

void BestSoFar::load(const RunState& state, const measure::Metric& metric) {
    const c10::List<at::Tensor> values = state.get("best.values").toTensorList();
    m_values.assign(values.begin(), values.end());
    m_epoch = static_cast<int>(state.get("best.epoch").toInt());
    m_evaluation = loadEvaluation(state, "best", metric);
}

}  // namespace espalier::train
