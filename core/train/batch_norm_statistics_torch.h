// SPDX-License-Identifier: GPL-3.0-or-later
// Taking the running statistics of batch norms anew.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/data/loader_torch.h"
#include "core/measure/scores_torch.h"

namespace espalier::train {

/// Replaces the running mean and variance of every batch norm of `module` by the averages over
/// `batches` batches (fewer when the epoch ends before), as torch.optim.swa_utils.update_bn: in
/// training mode, without gradients, each batch with the same weight. No other weight changes.
/// Returns how many batch norms there are; with none, nothing is run.
/// Errors: of Loader::next; Cancelled, with the statistics half way.
Result<int> reestimateBatchNorm(const torch::jit::Module& module,
                                const measure::Placement& placement, data::Loader& loader,
                                int batches, RunControl& control);

}  // namespace espalier::train
