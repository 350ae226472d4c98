// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include "core/model/snapshot_torch.h"
#include "core/train/movement_torch.h"

namespace espalier::train {

Movement::Movement(const torch::jit::Module& module, const std::vector<std::string>& scored,
                   const std::vector<std::string>& others) {
    const at::NoGradGuard noGradients;
    const auto add = [&](const std::string& path) -> Part& {
        const at::Tensor weight = model::parameterAt(module, path);
        return m_parts.try_emplace(path, Part{weight, {}, at::zeros_like(weight)}).first->second;
    };
    for (const std::string& path : scored) {
        Part& part = add(path);
        part.scores = at::zeros_like(part.weight);
    }
    for (const std::string& path : others) add(path);
}

void Movement::gather(double lr) {
    const at::NoGradGuard noGradients;
    for (auto& [path, part] : m_parts) {
        const at::Tensor gradient = part.weight.grad();
        if (!part.scores.defined() || !gradient.defined()) continue;
        part.scores.addcmul_(part.weight + part.away,
                             gradient.is_sparse() ? gradient.to_dense() : gradient, -lr);
    }
}

void Movement::bringBack() {
    const at::NoGradGuard noGradients;
    for (auto& [path, part] : m_parts) {
        part.weight.add_(part.away);
        part.away.zero_();
    }
}

void Movement::setAside(const prune::OtherMasks& kept) {
    const at::NoGradGuard noGradients;
    for (auto& [path, part] : m_parts) {
        const auto mask = kept.find(path);
        if (mask == kept.end()) continue;
        part.away.copy_(part.weight.masked_fill(mask->second.to(part.weight.device()), 0));
    }
}

at::Tensor Movement::scores(const std::string& path) const {
    const auto found = m_parts.find(path);
    return found == m_parts.end() ? at::Tensor() : found->second.scores;
}

void Movement::save(RunState& state) const {
    const auto keep = [&state](const std::string& name, const at::Tensor& values) {
        state.set(name, values.to(at::kCPU, /*non_blocking=*/false, /*copy=*/true));
    };
    for (const auto& [path, part] : m_parts) {
        if (part.scores.defined()) keep(cat("schedule.scores.", path), part.scores);
        keep(cat("schedule.away.", path), part.away);
    }
}

void Movement::load(const RunState& state) {
    const at::NoGradGuard noGradients;
    for (auto& [path, part] : m_parts) {
        if (part.scores.defined())
            part.scores.copy_(state.get(cat("schedule.scores.", path)).toTensor());
        part.away.copy_(state.get(cat("schedule.away.", path)).toTensor());
    }
}

}  // namespace espalier::train
