// SPDX-License-Identifier: GPL-3.0-or-later
// Channels that are looked up by number.
#pragma once

#include "core/channels/rules_torch.h"

namespace espalier::channels {

/// A tensor of indices: what it held, and where it stands in the code.
struct Index {
    ValueId id = -1;
    const torch::jit::Value* place = nullptr;
};

/// The tags of what is looked up on an axis by numbers that are the same in every run. The entries
/// of a buffer of the module go with the channels that they name; numbers in the code are written
/// anew. Null, and nothing may go, when the numbers are of another kind.
AxisTags lookedUp(const Call& call, ValueId input, std::int64_t axis, const Index& index);

/// Along the looked-up axis everything must stay: the numbers in the index say where it is.
void freezeLookedUp(const Call& call, ValueId input, std::int64_t axis);

}  // namespace espalier::channels
