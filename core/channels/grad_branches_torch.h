// SPDX-License-Identifier: GPL-3.0-or-later
// Branches that PyTorch may decide otherwise than the trace did.
#pragma once

#include <span>

#include "core/base/run_control.h"
#include "core/channels/trace_torch.h"
#include "core/script/rewriter_torch.h"

namespace espalier::channels {

/// The trace was recorded with gradients on; without them, code such as that of
/// nn.TransformerEncoderLayer takes fused shortcuts which the trace has not seen and which cannot
/// be cut. Where the draft decides otherwise without gradients, its branch is fixed to the way with
/// them, and again in what runs then: shortcuts lie in each other. Does nothing for models that do
/// not ask about gradients.
void fixGradientBranches(const script::Draft& draft, std::span<const script::InputSpec> inputs,
                         RunControl& control);

/// Whether two tensors are the same object (`key is value`) depends on what PyTorch's optimiser
/// merges: the draft has the answers of the trace.
void fixIdentities(const Trace& trace, const script::Draft& draft);

}  // namespace espalier::channels
