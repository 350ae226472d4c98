// SPDX-License-Identifier: GPL-3.0-or-later
// A loss or metric that a person brings: a TorchScript module.
#pragma once

#include <memory>
#include <string>

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/api/module.h>

#include "core/base/result.h"
#include "core/base/run_control.h"

namespace espalier::measure {

/// forward(output, target) -> one number. Copies share the module; for one thread.
class JudgeModule {
public:
    /// `which`: "loss" or "metric", for people. Loaded as models are: checked, and tried in a child
    /// process.
    /// Errors: of script::loadModule; Unsupported when forward does not take two arguments.
    static Result<JudgeModule> load(const std::string& file, std::string_view which,
                                    at::Device device, RunControl& control);

    /// What the module says of a batch, a scalar. Throws, naming it, when it fails or gives
    /// anything but one number.
    at::Tensor operator()(const at::Tensor& output, const at::Tensor& targets) const;

    /// Why the module cannot judge such a batch; empty when it can.
    std::string misfit(const at::Tensor& output, const at::Tensor& targets) const;

    const std::string& name() const { return m_name; }      ///< "ssim.pt"
    const std::string& sha256() const { return m_sha256; }  ///< of the file

private:
    /// Throws what the module throws.
    at::Tensor judged(const at::Tensor& output, const at::Tensor& targets) const;

    std::string m_name;
    std::string m_sha256;
    std::shared_ptr<torch::jit::Module> m_module;
};

}  // namespace espalier::measure
