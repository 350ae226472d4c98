// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/batch_norm_statistics_torch.h"

#include <ATen/core/grad_mode.h>

#include "core/train/code_edits_torch.h"

namespace espalier::train {
namespace {

struct Averaging {
    torch::jit::Module module;  ///< shares all tensors with the one it was made of
    int batchNorms = 0;
};

Result<Averaging> averaging(const torch::jit::Module& module) {
    const auto program = script::makeProgram(module);
    if (!program) return program.error();
    auto draft = script::makeDraft(
        *program, [](const std::string&, const at::Tensor& tensor) { return tensor; });
    if (!draft) return draft.error();
    const int batchNorms = averageStatistics(*draft);
    const auto finished = script::finished(*draft);
    if (!finished) return finished.error();
    return Averaging{finished->module, batchNorms};
}

}  // namespace

Result<int> reestimateBatchNorm(const torch::jit::Module& module,
                                const measure::Placement& placement, data::Loader& loader,
                                int batches, RunControl& control) {
    const at::NoGradGuard noGradients;
    auto averaged = averaging(module);
    if (!averaged) return averaged.error();
    if (averaged->batchNorms == 0) return 0;
    torch::jit::Module& training = averaged->module;
    training.train();
    for (int seen = 1; seen <= batches && loader.hasNext(); ++seen) {
        if (!control.keepGoing()) return Error{Error::Kind::Cancelled, "Stopped", {}, {}};
        const auto read = loader.next(control);
        if (!read) return read.error();
        const data::Batch batch = measure::moved(*read, placement);
        training.setattr(kStatisticsShare, 1.0 / seen);
        training.forward({batch.inputs.begin(), batch.inputs.end()});
    }
    training.eval();
    return averaged->batchNorms;
}

}  // namespace espalier::train
