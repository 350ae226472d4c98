// SPDX-License-Identifier: GPL-3.0-or-later
// Whether what a plan says of channels fits the groups of a model.
#include <algorithm>
#include <map>

#include "core/base/format.h"
#include "core/prune/channel_choice.h"
#include "core/prune/channel_marks.h"

namespace espalier::prune {

namespace {

using channels::ChannelGroups;
using channels::Group;

/// The group that a name which is no key belongs to: a module or parameter that is one of its
/// members.
const Group* groupWithMember(const ChannelGroups& groups, const std::string& name) {
    const auto isMember = [&](const channels::Member& member) {
        return member.role != channels::Role::Consumer &&
               (member.parameter == name || member.parameter.starts_with(name + "."));
    };
    const auto found = std::ranges::find_if(groups.groups(), [&](const Group& group) {
        return std::ranges::any_of(group.members, isMember);
    });
    return found == groups.groups().end() ? nullptr : &*found;
}

/// "qkv[0:8], qkv[32:40]": the groups of one layer's outputs, where there are several.
std::string partsOf(const ChannelGroups& groups, const std::string& layer) {
    std::string parts;
    for (const Group& group : groups.groups()) {
        if (group.key.starts_with(layer + "[")) parts += cat(parts.empty() ? "" : ", ", group.key);
    }
    return parts;
}

Error unknownKey(const ChannelGroups& groups, const Plan& plan, const std::string& key,
                 std::string_view list) {
    const Error error{Error::Kind::Mismatch, "The plan does not fit the model",
                      cat(list, ".", key, ": ", groups.snapshot()->file().name(),
                          " has no channel group of this name"),
                      "Open the model the plan was made for, or use a key that inspect lists"};
    if (const std::string parts = partsOf(groups, key.substr(0, key.find('['))); !parts.empty()) {
        return {error.kind, error.what,
                cat(list, ".", key, ": the outputs of this layer belong to the groups ", parts),
                "Use these keys"};
    }
    const Group* group = groupWithMember(groups, key);
    if (!group) return error;
    const bool isTwice = list == "channels" && plan.channels.contains(group->key);
    const std::string why = isTwice ? cat("there are two rules for one group: ", group->key,
                                          " and ", key, " move together")
                                    : cat(list, ".", key, ": it moves together with ", group->key);
    return {error.kind, error.what, cat(why, group->reason.empty() ? "" : ": ", group->reason),
            isTwice ? cat("Keep the rule for ", group->key)
                    : cat("Write it for the group's key, ", group->key)};
}

Error refused(const Group& group, const std::string& why, const std::string& hint) {
    return {Error::Kind::Infeasible, cat("Cannot cut channels of ", group.key), why, hint};
}

/// Whether channels may go at all.
Result<void> mayLose(const Group& group, bool allowInexact) {
    if (group.locked) {
        return refused(group, cat("none of its ", group.width, " channels may go: ", group.reason),
                       "The nearest legal plan leaves this group whole: take its rule out");
    }
    if (!group.exact && !allowInexact) {
        return refused(
            group, cat("the cut model would not compute what the masked one does: ", group.reason),
            "Allow inexact groups (--allow-inexact), or take its rule out: the nearest "
            "legal plan leaves this group whole");
    }
    return {};
}

/// "8 channels", or "2 units of 6 channels that only go together: …".
std::string unitsOf(const Group& group) {
    const auto channels = std::ssize(group.members.front().indices);
    if (channels <= group.width)
        return cat(group.width, group.width == 1 ? " channel" : " channels");
    return cat(group.width, group.width == 1 ? " unit of " : " units of ", channels / group.width,
               " channels that only go together: ", group.reason);
}

Result<void> checkGroupRule(const Group& group, const ChannelRule& rule, bool allowInexact) {
    if (auto inRange = checkRule(group.key, rule); !inRange) return inRange;
    const auto requested = requestedCount(rule, group.width);
    if (requested && *requested > group.width) {
        return refused(group, cat("keep ", *requested, " is more than its ", unitsOf(group)),
                       cat("The nearest legal plan keeps ", group.width));
    }
    if (requested && *requested == group.width) return {};
    return mayLose(group, allowInexact);
}

Result<void> checkGroupMarks(const Group& group, const ChannelMarks& marks, bool allowInexact) {
    auto own = marksOf(group, marks);
    if (!own) return own.error();
    if (marks.remove.empty()) return {};
    if (auto may = mayLose(group, allowInexact); !may) return may;
    if (std::ranges::count(*own, Mark::Remove) < group.width) return {};
    return refused(group, "all its channels are marked to go, and at least one stays",
                   "The nearest legal plan leaves one of them unmarked");
}

Result<void> checkLocks(const Plan& plan, const ChannelGroups& groups) {
    for (const std::string& name : plan.locked) {
        if (groups.find(name) || groups.snapshot()->find(name)) continue;
        return unknownKey(groups, plan, name, "locked");
    }
    return {};
}

}  // namespace

Result<void> check(const Plan& plan, const ChannelGroups& groups) {
    const bool allowInexact = plan.channelDefaults.allowInexact;
    if (!(plan.channelDefaults.floor >= 0 && plan.channelDefaults.floor <= 1)) {
        return Error{Error::Kind::BadArgument, "Cannot cut channels",
                     cat("the floor ", plan.channelDefaults.floor, " is not between 0 and 1"),
                     "Write 10\u2009% as 0.1"};
    }
    if (plan.channelDefaults.heads != groups.headUnit()) {
        return Error{Error::Kind::Mismatch, "Cannot cut channels",
                     cat("the plan is for the head unit ", nameOf(plan.channelDefaults.heads),
                         ", the groups were found for ", nameOf(groups.headUnit())),
                     "Find the groups for the plan's head unit"};
    }
    for (const auto& [key, rule] : plan.channels) {
        const auto id = groups.find(key);
        if (!id) return unknownKey(groups, plan, key, "channels");
        // What is locked stays whole whatever its rule says.
        if (plan.locked.contains(key)) continue;
        if (auto fits = checkGroupRule(groups.group(*id), rule, allowInexact); !fits) return fits;
    }
    for (const auto& [key, marks] : plan.marks) {
        const auto id = groups.find(key);
        if (!id) return unknownKey(groups, plan, key, "marks");
        if (plan.locked.contains(key)) continue;
        if (auto fits = checkGroupMarks(groups.group(*id), marks, allowInexact); !fits) return fits;
    }
    return checkLocks(plan, groups);
}

}  // namespace espalier::prune
