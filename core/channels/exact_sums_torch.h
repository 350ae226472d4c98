// SPDX-License-Identifier: GPL-3.0-or-later
// Which sums over channels come out the same when channels are masked and when they are cut.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "core/channels/tags_torch.h"

namespace espalier::channels {

/// Whether an operator adds up what it reduces, so that zeros make no difference to it (ones, to
/// `all`).
bool isSum(std::string_view op);

/// Marks channels inexact that are summed over although they are not known to be zero where they
/// are masked: a sum, a norm, `any`. A product of two tensors that is summed over them is exact
/// unless both are known to hold other numbers there, as both sides of linear attention do.
/// `buffers`: the paths of those that keep their numbers where channels go; parameters become zero.
void judgeSums(const Trace& trace, const std::set<std::string>& buffers, TagTable& tags);

}  // namespace espalier::channels
