// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/judge_module_torch.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>

#include <ATen/ops/isfinite.h>
#include <ATen/ops/scalar_tensor.h>
#include <c10/util/Exception.h>

#include "core/base/format.h"
#include "core/measure/loss_torch.h"
#include "core/script/load_torch.h"

namespace espalier::measure {

namespace {

/// Whether forward can be called with an output and a target alone.
bool takesTwo(const torch::jit::Module& module) {
    const auto& arguments = module.get_method("forward").function().getSchema().arguments();
    const auto needed = std::ranges::count_if(
        arguments, [](const auto& argument) { return !argument.default_value(); });
    return needed <= 3 && arguments.size() >= 3;  // self counts
}

}  // namespace

Result<JudgeModule> JudgeModule::load(const std::string& file, std::string_view which,
                                      at::Device device, RunControl& control) {
    auto loaded = script::loadModule(file, control);
    if (!loaded) return loaded.error();
    JudgeModule judge;
    judge.m_name = std::filesystem::path(file).filename().string();
    judge.m_sha256 = loaded->sha256;
    if (!takesTwo(loaded->module)) {
        return Error{Error::Kind::Unsupported, cat("Cannot use ", judge.m_name, " as the ", which),
                     "its forward does not take two arguments",
                     "Save a module whose forward(output, target) returns one number"};
    }
    loaded->module.to(device);
    judge.m_module = std::make_shared<torch::jit::Module>(std::move(loaded->module));
    return judge;
}

at::Tensor JudgeModule::operator()(const at::Tensor& output, const at::Tensor& targets) const {
    try {
        return judged(output, targets);
    } catch (const c10::OutOfMemoryError&) {
        throw;  // smaller batches may do
    } catch (const std::exception& exception) {
        const std::string why = detail::errorFromException(m_name, exception).why;
        throw std::runtime_error(why.starts_with(m_name) ? why
                                                         : cat(m_name, " does not run: ", why));
    }
}

at::Tensor JudgeModule::judged(const at::Tensor& output, const at::Tensor& targets) const {
    const c10::IValue given = m_module->forward({output, targets});
    if (given.isDouble()) return at::scalar_tensor(given.toDouble(), at::kDouble);
    if (given.isInt()) return at::scalar_tensor(given.toInt(), at::kDouble);
    if (!given.isTensor())
        throw std::runtime_error(cat(m_name, " returns ", given.tagKind(), ", not one number"));
    const at::Tensor& tensor = given.toTensor();
    if (tensor.numel() != 1)
        throw std::runtime_error(cat(m_name, " returns ", shapeText(tensor), ", not one number"));
    return tensor.reshape({});
}

std::string JudgeModule::misfit(const at::Tensor& output, const at::Tensor& targets) const {
    try {
        const double value = judged(output, targets).item<double>();
        const bool isSound = std::isfinite(value) || !at::isfinite(output).all().item<bool>();
        return isSound ? std::string() : cat(m_name, " gives ", value, " for two samples");
    } catch (const std::exception& exception) {
        const std::string why = detail::errorFromException(m_name, exception).why;
        if (why.starts_with(m_name)) return why;
        return cat(m_name, " does not run on an output of ", shapeText(output), " and targets of ",
                   shapeText(targets), ": ", why);
    }
}

}  // namespace espalier::measure
