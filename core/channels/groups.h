// SPDX-License-Identifier: GPL-3.0-or-later
// Channel groups: which channels of which parameters can only be removed together, and why.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/model/snapshot.h"

namespace espalier::channels {

struct GroupTag;
/// Index into ChannelGroups::groups().
using GroupId = StrongId<GroupTag>;

/// What a parameter does for the channels of a group.
enum class Role {
    Producer,  ///< computes them: an output axis of a convolution, linear, embedding, …
    Consumer,  ///< reads them: an input axis
    Affine     ///< one value per channel: bias, batch-norm weight, running statistics, …
};
std::string_view nameOf(Role role);  ///< "producer", "consumer", "affine"

/// One axis of one parameter or buffer that loses positions with the channels of a group.
struct Member {
    std::string parameter;  ///< path in the module
    int axis = 0;
    Role role = Role::Producer;
    std::vector<std::int64_t> indices;  ///< positions on `axis`, channel after channel
    std::vector<std::int64_t>
        offsets;  ///< width + 1: channel c owns indices[offsets[c]..offsets[c+1])

    /// The positions on `axis` that go with one channel; may be none, may be many (heads, flatten).
    std::span<const std::int64_t> of(std::int64_t channel) const;
    /// The channel that takes this position of `axis` with it; none: it stays in any case.
    std::optional<std::int64_t> channelAt(std::int64_t position) const;
    bool operator==(const Member&) const = default;
};

/// Channels that the same parameters produce and consume. Any subset of them may be removed, down
/// to `smallest`; a channel takes everything in all members with it.
struct Group {
    GroupId id;
    std::string key;  ///< module path of the first producer, "attn.qkv[0:64]" for a part of one
    std::int64_t width = 0;             ///< channels: the smallest units that can go
    std::int64_t heads = 0;             ///< attention heads spanned; 0: none
    std::vector<Member> members;        ///< producers in order of execution first
    std::vector<std::int64_t> outputs;  ///< per channel its (first) index among the key's own
                                        ///< output channels; marks are given in these
    bool exact = true;                  ///< the cut model computes what the masked one does
    bool locked = false;                ///< nothing may go
    std::string reason;  ///< for people: what couples the members; or why locked, or why inexact
    std::vector<std::string> through;  ///< operators that couple the members: "add", "cat", …

    bool operator==(const Group&) const = default;
};

/// What one channel is where an operator lays the outputs of a producer out on two axes, as
/// attention does with [heads, width].
enum class HeadUnit {
    Most,      ///< whichever of the other two leaves more to choose from
    Heads,     ///< whole heads (the last axis but one)
    Positions  ///< the same positions in every head (the last axis)
};
std::string_view nameOf(HeadUnit unit);  ///< "most", "heads", "positions"
/// Errors: BadArgument, listing the known names.
Result<HeadUnit> parseHeadUnit(std::string_view name);

struct AnalysisState;  // the torch side: analysis_torch.h

/// All groups of a snapshot. Immutable; may be read from any thread.
class ChannelGroups {
public:
    explicit ChannelGroups(std::shared_ptr<const AnalysisState> state);

    std::span<const Group> groups() const;  ///< in order of execution of their first producers
    const Group& group(GroupId id) const;
    std::optional<GroupId> find(std::string_view key) const;
    /// The group that removes output channels of this weight (parameter path); the first, if
    /// several.
    std::optional<GroupId> producing(std::string_view parameter) const;
    /// Why no channel of this layer can go; empty when some can.
    std::string whyNot(std::string_view parameter) const;
    /// For people: branches and loops whose way the example's data decided, by line.
    std::span<const std::string> decidedByData() const;
    const model::SnapshotPtr& snapshot() const;
    HeadUnit headUnit() const;  ///< as they were asked for

    const AnalysisState& state() const { return *m_state; }

private:
    std::shared_ptr<const AnalysisState> m_state;
};

using ChannelGroupsPtr = std::shared_ptr<const ChannelGroups>;

/// Per group, by GroupId: the channels that stay, ascending. What a plan's channel rules come to.
struct KeptChannels {
    std::vector<std::vector<std::int64_t>> groups;

    bool operator==(const KeptChannels&) const = default;
};

/// Everything stays.
KeptChannels allChannels(const ChannelGroups& groups);

/// Runs the model once on its example input and finds what belongs together.
///
/// A model in which nothing can be cut gives groups that are locked with the reason, not an error.
/// Errors: Failed, naming the op, when the model does not run; Cancelled.
Result<ChannelGroupsPtr> analyse(const model::SnapshotPtr& snapshot, RunControl& control,
                                 HeadUnit unit = HeadUnit::Most);

}  // namespace espalier::channels
