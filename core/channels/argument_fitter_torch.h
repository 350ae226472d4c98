// SPDX-License-Identifier: GPL-3.0-or-later
// The first run of a cut model: every argument that no longer fits is put right on the way.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/result.h"
#include "core/channels/graph_edits_torch.h"
#include "core/channels/number_flow_torch.h"
#include "core/script/rewriter_torch.h"

namespace espalier::channels {

/// Why a model cannot be cut like this, and where.
struct Misfit {
    Error error;
    int step = -1;  ///< of the trace; -1: nowhere in particular
};

struct Fit {
    std::optional<Misfit> misfit;    ///< the draft is of no use
    std::vector<std::string> notes;  ///< for people: branches that are fixed from now on
};

/// Runs a draft whose tensors are cut, node by node beside the trace of the whole model, and edits
/// the draft's graph where integers no longer say what the new shapes need. Only what is wrong is
/// changed: integers are shapes and follow the cut, while scalars that were worked out from a size
/// (a divisor, a scale) keep the value they had.
Fit fitArguments(const Trace& trace, const Boxes& boxes, const script::Draft& draft,
                 std::vector<c10::IValue> inputs, RunControl& control);

}  // namespace espalier::channels
