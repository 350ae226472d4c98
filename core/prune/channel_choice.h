// SPDX-License-Identifier: GPL-3.0-or-later
// Which channels a plan keeps: its rules, marks and locks, resolved on the groups of a model.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/channels/groups.h"
#include "core/prune/channel_scores.h"
#include "core/prune/plan.h"

namespace espalier::prune {

/// What a plan does to one group.
struct GroupChoice {
    std::int64_t width = 0;
    std::int64_t requested = 0;      ///< channels to keep as the rule alone says; width: no rule
    std::vector<std::int64_t> kept;  ///< ascending, never empty
    std::string constraint;          ///< for people: what made `reached` another number; or empty

    std::int64_t reached() const { return static_cast<std::int64_t>(kept.size()); }
    bool isWhole() const { return reached() == width; }
    bool operator==(const GroupChoice&) const = default;
};

/// Immutable once made.
struct ChannelChoice {
    channels::ChannelGroupsPtr groups;
    std::vector<GroupChoice> choices;  ///< by GroupId

    const GroupChoice& of(channels::GroupId id) const { return choices.at(id.index()); }
    channels::KeptChannels kept() const;
    bool isWhole() const;  ///< nothing goes
    bool operator==(const ChannelChoice&) const = default;
};
using ChannelChoicePtr = std::shared_ptr<const ChannelChoice>;

/// Resolves the channel part of `plan`. A few microseconds per channel: fit for every move of a
/// drag.
///
/// Per group: the rule's count (a ratio's or a threshold's is raised to the floor), of the highest
/// scores, ties to the lower index going first; then marks override; then the count is rounded up
/// to `multipleOf`. A group that the plan locks stays whole. `scores` may be null when no rule
/// needs them. Errors: those of `check`; Unsupported, naming the group, when its criterion gives it
/// no scores; Infeasible, naming the constraint and the nearest legal plan.
Result<ChannelChoicePtr> chooseChannels(const channels::ChannelGroupsPtr& groups, const Plan& plan,
                                        const ChannelScoresPtr& scores);

/// Whether every channel rule, mark and lock of `plan` names a group that may lose channels, and is
/// in range. Errors: Mismatch (no such group; two keys for one group; groups found for another head
/// unit), BadArgument (range), Infeasible (locked, inexact and not allowed, more than the width).
Result<void> check(const Plan& plan, const channels::ChannelGroups& groups);

/// The plan with one rule for every group that is not locked, and exact unless the plan allows
/// others, so that a share `ratio` of their channels goes. Rules, but no marks, are replaced.
///
/// Layer: each loses that share. Global: ranks normalised scores over all groups; the counts add up
/// to round(ratio * n) unless floors stand against it. SameKind: the same among groups whose
/// members are used alike (isomorphic pruning, Fang 2024). Groups without scores stay whole.
/// `multipleOf` goes into every rule. Errors: BadArgument; Infeasible when no group can lose a
/// channel, with the reason.
Result<Plan> withChannelsEverywhere(const channels::ChannelGroups& groups, const Plan& plan,
                                    double ratio, Scope scope, const ChannelScoresPtr& scores,
                                    std::int64_t multipleOf = 1);

}  // namespace espalier::prune
