// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/mixed_precision_torch.h"

#include <ATen/Functions.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>

#include "core/measure/device_torch.h"
#include "core/train/gradients_torch.h"
#include "core/train/precision.h"

namespace espalier::train {

Result<Precision> findPrecision(const std::string& name, c10::Device device) {
    if (name == "fp32") return Precision{device, std::nullopt};
    if (name == "bf16") return Precision{device, at::kBFloat16};
    if (device.is_cpu()) {
        return Error{Error::Kind::Unsupported, "Cannot train in fp16 on the CPU",
                     "processors have no fast products in fp16",
                     "Set precision to fp32 or bf16, or device to an accelerator"};
    }
    return Precision{device, at::kHalf};
}

Result<void> checkPrecision(const Recipe& recipe) {
    const auto device = measure::findDevice(recipe.device);
    if (!device) return device.error();
    const auto precision = findPrecision(recipe.precision, *device);
    return precision ? Result<void>() : precision.error();
}

Recipe onCpu(Recipe recipe) {
    recipe.device = "cpu";
    if (recipe.precision == "fp16") recipe.precision = "fp32";
    return recipe;
}

Autocast::Autocast(const Precision& precision) : m_precision(precision) {
    if (!precision.reduced) return;
    const auto type = precision.device.type();
    m_wasEnabled = at::autocast::is_autocast_enabled(type);
    m_previous = at::autocast::get_autocast_dtype(type);
    at::autocast::set_autocast_enabled(type, true);
    at::autocast::set_autocast_dtype(type, *precision.reduced);
    at::autocast::increment_nesting();
}

Autocast::~Autocast() {
    if (!m_precision.reduced) return;
    // Weights that were cast are kept for this pass alone: the step changes them.
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(m_precision.device.type(), m_wasEnabled);
    at::autocast::set_autocast_dtype(m_precision.device.type(), m_previous);
}

bool LossScaler::unscale(const std::vector<at::Tensor>& parameters) {
    if (!m_isOn) return true;
    const at::NoGradGuard noGradients;
    const std::vector<at::Tensor> gradients = gradientsOf(parameters);
    if (gradients.empty()) return true;
    const at::TensorOptions number = gradients.front().options().dtype(at::kFloat);
    at::Tensor overflows = at::zeros({1}, number);
    at::_amp_foreach_non_finite_check_and_unscale_(gradients, overflows,
                                                   at::full({1}, 1 / m_scale, number));
    const bool areSound = overflows.item<float>() == 0;
    if (!areSound) m_scale /= 2;
    m_goodSteps = areSound ? m_goodSteps + 1 : 0;
    if (m_goodSteps == kGrowthInterval) {
        m_scale *= 2;
        m_goodSteps = 0;
    }
    return areSound;
}

void LossScaler::save(RunState& state) const {
    state.set("loss_scaler.scale", m_scale);
    state.set("loss_scaler.good_steps", m_goodSteps);
}

void LossScaler::load(const RunState& state) {
    m_scale = state.get("loss_scaler.scale").toDouble();
    m_goodSteps = state.get("loss_scaler.good_steps").toInt();
}

}  // namespace espalier::train
