// SPDX-License-Identifier: GPL-3.0-or-later
// Training with products in half precision (Micikevicius et al. 2018): the weights stay as they
// are, what autocast lists is computed in bf16 or fp16.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "core/base/result.h"
#include "core/train/run_state_torch.h"

namespace espalier::train {

struct Precision {
    c10::Device device = c10::kCPU;
    std::optional<at::ScalarType> reduced{};  ///< none: everything as the model's weights are
};

/// The precision called `name`, one of precisionNames(). Errors: Unsupported for fp16 on the CPU,
/// which computes it slower than full precision, if at all.
Result<Precision> findPrecision(const std::string& name, c10::Device device);

/// Switches autocast on in this thread while it exists, as torch.autocast. Does nothing in full
/// precision.
class Autocast {
public:
    explicit Autocast(const Precision& precision);
    ~Autocast();
    Autocast(const Autocast&) = delete;
    Autocast& operator=(const Autocast&) = delete;

private:
    Precision m_precision;
    bool m_wasEnabled = false;
    at::ScalarType m_previous = at::kFloat;
};

/// Multiplies losses so that small gradients do not vanish in fp16, as torch.amp.GradScaler with
/// its defaults: a factor of 65536, halved whenever gradients overflow, doubled after 2000 steps
/// without.
class LossScaler {
public:
    /// `isOn` false: the factor is 1 for ever.
    explicit LossScaler(bool isOn) : m_isOn(isOn), m_scale(isOn ? kFirstScale : 1) {}

    at::Tensor scaled(const at::Tensor& loss) const { return m_isOn ? loss * m_scale : loss; }
    /// Divides the gradients of `parameters` by the factor, and chooses the next one. False when
    /// they overflowed: the step must be left out.
    bool unscale(const std::vector<at::Tensor>& parameters);
    double scale() const { return m_scale; }

    void save(RunState& state) const;
    void load(const RunState& state);

private:
    static constexpr double kFirstScale = 65536;
    static constexpr std::int64_t kGrowthInterval = 2000;

    bool m_isOn;
    double m_scale;
    std::int64_t m_goodSteps = 0;  // since the factor changed
};

}  // namespace espalier::train
