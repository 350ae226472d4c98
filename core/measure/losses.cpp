// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "core/base/format.h"
#include "core/measure/judge_module_torch.h"
#include "core/measure/loss_torch.h"

namespace espalier::measure {

namespace {

Loss moduleLoss(const JudgeModule& module) {
    return {module.name(),
            [module](const at::Tensor& output, const at::Tensor& targets) {
                return module.misfit(output, targets);
            },
            module, false};
}

}  // namespace

Result<Loss> findLoss(const std::string& nameOrFile, double labelSmoothing, at::Device device,
                      RunControl& control) {
    if (nameOrFile == "cross_entropy") return crossEntropyLoss(labelSmoothing);
    if (labelSmoothing != 0) {
        return Error{Error::Kind::BadArgument, cat("Cannot smooth the labels of ", nameOrFile),
                     "only cross_entropy has label smoothing", "Set loss.label_smoothing to 0"};
    }
    const std::array known{mseLoss(), bceLoss()};
    const auto found = std::ranges::find(known, nameOrFile, &Loss::name);
    if (found != known.end()) return *found;
    auto module = JudgeModule::load(nameOrFile, "loss", device, control);
    if (!module) return module.error();
    return moduleLoss(*module);
}

at::Tensor shapedLike(const at::Tensor& targets, const at::Tensor& output) {
    if (targets.sizes() == output.sizes()) return targets;
    const bool areAsMany = targets.dim() > 0 && output.dim() > 0 &&
                           targets.size(0) == output.size(0) && targets.numel() == output.numel();
    const bool differInOnes = std::abs(targets.dim() - output.dim()) == 1;
    return areAsMany && differInOnes ? targets.reshape(output.sizes()) : at::Tensor();
}

std::string shapeText(const at::Tensor& tensor) {
    std::string text;
    for (const std::int64_t size : tensor.sizes()) text += cat(text.empty() ? "" : "x", size);
    return cat(text.empty() ? "a single number" : text, " ",
               c10::getDtypeNames(tensor.scalar_type()).first);
}

}  // namespace espalier::measure
