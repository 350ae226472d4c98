// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/trainee_torch.h"

#include <map>

#include <ATen/core/grad_mode.h>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/model/snapshot_torch.h"
#include "core/script/rewriter_torch.h"
#include "core/train/code_edits_torch.h"
#include "core/train/training_switches.h"

namespace espalier::train {
namespace {

at::Tensor shared(const std::string&, const at::Tensor& tensor) {
    return tensor;
}

std::map<std::string, at::Tensor> tensorsOf(const torch::jit::Module& module) {
    std::map<std::string, at::Tensor> tensors;
    for (const auto& parameter : module.named_parameters())
        tensors.emplace(parameter.name, parameter.value);
    for (const auto& buffer : module.named_buffers()) tensors.emplace(buffer.name, buffer.value);
    return tensors;
}

Error noDropout() {
    return {Error::Kind::BadArgument, "Cannot override the model's dropout", "it has none",
            "Leave dropout out of the recipe"};
}

}  // namespace

Result<Trainee> Trainee::make(torch::jit::Module module, std::optional<double> dropout) {
    Trainee trainee(module);
    const auto program = script::makeProgram(module);
    if (!program) return program.error();
    if (!dropout && countBakedSwitches(*program->graph) == 0) return trainee;
    auto draft = script::makeDraft(*program, shared);
    if (!draft && dropout) return draft.error();
    if (!draft) {
        log(LogLevel::Warning,
            cat("Batch norm and dropout train as in evaluation mode: ", draft.error().why));
        return trainee;
    }
    trainee.m_switches = restoreSwitches(*draft);
    if (dropout && overrideDropout(*draft, *dropout) == 0) return noDropout();
    auto finished = script::finished(*draft);
    if (!finished && dropout) return finished.error();
    if (!finished) {
        log(LogLevel::Warning,
            cat("Batch norm and dropout train as in evaluation mode: ", finished.error().why));
        trainee.m_switches = 0;
        return trainee;
    }
    trainee.m_training = finished->module;
    if (trainee.m_switches > 0) {
        log(LogLevel::Warning, cat("The file was traced in evaluation mode: ", trainee.m_switches,
                                   " batch norms, dropouts and the like follow the training mode "
                                   "again while it trains"));
    }
    return trainee;
}

void Trainee::bringBack() {
    const at::NoGradGuard noGradients;
    const auto trained = tensorsOf(m_training);
    for (const auto& [name, tensor] : tensorsOf(m_original)) {
        const auto found = trained.find(name);
        if (found != trained.end() && !found->second.is_same(tensor)) tensor.copy_(found->second);
    }
}

int switchesRestored(const model::Snapshot& snapshot) {
    const auto program = script::makeProgram(snapshot.state().module);
    return program ? countBakedSwitches(*program->graph) : 0;
}

}  // namespace espalier::train
