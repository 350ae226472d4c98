// SPDX-License-Identifier: GPL-3.0-or-later
// Looks ahead: which axes are there only to be taken apart.
#pragma once

#include <vector>

#include "core/channels/trace_torch.h"

namespace espalier::channels {

/// Per axis of `id`, made by step `made`: whether a later step takes single positions of it out, as
/// q, k, v = qkv[0], qkv[1], qkv[2] does. Such an axis tells parts apart; it holds no channels.
/// Only axes that are moved, not regrouped, are followed.
std::vector<bool> axesTakenApart(const Trace& trace, int made, ValueId id);

}  // namespace espalier::channels
