// SPDX-License-Identifier: GPL-3.0-or-later
// Branches that PyTorch may decide otherwise than the trace did.
#pragma once

#include <vector>

#include "core/base/run_control.h"
#include "core/channels/trace_torch.h"
#include "core/script/rewriter_torch.h"

namespace espalier::channels {

/// The trace was recorded with gradients on; without them, code such as that of
/// nn.MultiheadAttention takes a fused shortcut which the trace has not seen and which cannot be
/// cut. Where `program` decides otherwise without gradients, the draft's branch is fixed to what
/// the trace has. Does nothing for models that do not ask about gradients.
void fixGradientBranches(const script::Program& program, const Trace& trace,
                         const script::Draft& draft, std::vector<c10::IValue> inputs,
                         RunControl& control);

/// Whether two tensors are the same object (`key is value`) depends on what PyTorch's optimiser
/// merges: the draft has the answers of the trace.
void fixIdentities(const Trace& trace, const script::Draft& draft);

}  // namespace espalier::channels
