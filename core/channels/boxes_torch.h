// SPDX-License-Identifier: GPL-3.0-or-later
// The box test: the shape that every value has once channels are gone.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/channels/groups.h"
#include "core/channels/trace_torch.h"

namespace espalier::channels {

/// One axis that shrinks: `before` positions, of which `kept` stay (ascending, never empty).
struct AxisCut {
    int axis = 0;
    std::int64_t before = 0;
    std::vector<std::int64_t> kept;

    bool operator==(const AxisCut&) const = default;
};

/// The axes of one value that shrink, ascending; empty: it stays as it is.
using Box = std::vector<AxisCut>;

struct Boxes {
    std::vector<Box> values;                ///< by ValueId of the analysis' trace
    std::map<std::string, Box> parameters;  ///< by canonical path (TraceValue::path): parameters,
                                            ///< buffers and tensors in list attributes; only those
                                            ///< that shrink
    /// By step index: the `groups` of a convolution or `num_groups` of a group norm whose count
    /// changes.
    std::map<int, std::int64_t> groupCounts;
    /// By canonical path: integer buffers that hold positions on an axis that shrinks, with what
    /// they must hold then (already in their new shape).
    std::map<std::string, at::Tensor> renumbered;
};

/// The new shapes when only `kept` stays. Takes a few ms per million parameters at most: work is
/// done once per distinct axis, not per element.
///
/// Errors: BadArgument when `kept` does not fit the groups; Infeasible when a value would be left
/// without a channel, naming the operator and the constraint.
Result<Boxes> boxesFor(const ChannelGroups& groups, const KeptChannels& kept);

}  // namespace espalier::channels
