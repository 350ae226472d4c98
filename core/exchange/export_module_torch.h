// SPDX-License-Identifier: GPL-3.0-or-later
// The torch side of an export, for core alone.
#pragma once

#include <torch/csrc/jit/api/module.h>

#include "core/base/result.h"
#include "core/exchange/model_format.h"

namespace espalier::exchange {

/// The model with its original shapes and zeros where `masks` removes (null: as the snapshot is),
/// with attached torch.nn.utils.prune masks committed. May share tensors with the snapshot: not to
/// be written to. Throws what torch throws.
Result<torch::jit::Module> maskedModuleOf(const model::Snapshot& snapshot,
                                          const prune::MasksPtr& masks);

/// The module that an export of `subject` is of. Not to be written to. Throws what torch throws.
Result<torch::jit::Module> moduleOf(const ExportSubject& subject);

}  // namespace espalier::exchange
