// SPDX-License-Identifier: GPL-3.0-or-later
// One request for a whole model, spread over its channel groups.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/prune/channel_choice.h"
#include "core/prune/channel_marks.h"

namespace espalier::prune {

namespace {

using channels::ChannelGroups;
using channels::Group;

constexpr std::string_view kWhat = "Cannot cut channels of the whole model";

/// The groups that can take a rule, and how many cannot for which reason.
struct Open {
    std::vector<const Group*> groups;
    int inexact = 0;
    std::vector<std::string> unscored;
    std::string reason;  // of the first that is locked
};

Open openGroups(const ChannelGroups& groups, const Plan& plan, const ChannelScores* scores) {
    Open open;
    for (const Group& group : groups.groups()) {
        if (group.locked && open.reason.empty()) open.reason = cat(group.key, ": ", group.reason);
        if (group.locked || plan.locked.contains(group.key) || group.width < 2) continue;
        if (!group.exact && !plan.channelDefaults.allowInexact) {
            ++open.inexact;
            continue;
        }
        if (scores && scores->groups.at(group.id.index()).empty()) {
            open.unscored.push_back(group.key);
            continue;
        }
        open.groups.push_back(&group);
    }
    return open;
}

Error nothingOpen(const Open& open, const ChannelGroups& groups, const std::string& criterion) {
    if (open.inexact > 0) {
        return {Error::Kind::Infeasible, std::string(kWhat),
                cat("the ", open.inexact, open.inexact == 1 ? " group that" : " groups that",
                    " could lose channels would then compute something else than the masked model"),
                "Allow inexact groups (--allow-inexact)"};
    }
    if (!open.unscored.empty()) {
        return {Error::Kind::Infeasible, std::string(kWhat),
                cat("the criterion ", criterion, " finds nothing to rank by in any of its groups"),
                criterion == "bn_scale" ? "It ranks by the scales of batch norms or other "
                                          "normalisations; choose another criterion, such as l2"
                                        : "Choose another criterion, such as l2"};
    }
    return {Error::Kind::Infeasible, std::string(kWhat),
            groups.groups().empty() ? "it has no channel groups"
                                    : cat("no group may lose a channel (", open.reason, ")"),
            "inspect says why for each layer; weights can still be pruned"};
}

/// A channel that may go, before all that come after it.
struct Candidate {
    double score = 0;
    std::size_t group = 0;
};

/// How many channels go from each group, so that together they are round(ratio * n) unless floors
/// stand against it.
std::vector<std::int64_t> spreadGlobally(const std::vector<const Group*>& groups, const Plan& plan,
                                         double ratio, const ChannelScores& scores) {
    std::vector<Candidate> candidates;
    std::int64_t channels = 0;
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const Group& group = *groups[g];
        channels += group.width;
        auto own = normalised(scores.groups.at(group.id.index()), plan.channelDefaults.normalise);
        std::ranges::sort(own);
        own.resize(static_cast<std::size_t>(group.width -
                                            floorCount(plan.channelDefaults.floor, group.width)));
        for (const double score : own) candidates.push_back({score, g});
    }
    std::ranges::stable_sort(candidates, {}, &Candidate::score);
    const std::int64_t wanted = std::min<std::int64_t>(
        std::llround(ratio * static_cast<double>(channels)), std::ssize(candidates));
    std::vector<std::int64_t> taken(groups.size());
    for (std::int64_t i = 0; i < wanted; ++i)
        ++taken[candidates[static_cast<std::size_t>(i)].group];
    return taken;
}

/// What groups that may be compared have in common: how their members are used.
std::string kindOf(const Group& group, const model::Snapshot& snapshot) {
    std::string kind;
    for (const channels::Member& member : group.members) {
        const auto layer = snapshot.find(member.parameter);
        kind += cat(channels::nameOf(member.role), " ", member.axis, " ",
                    layer ? snapshot.layer(*layer).op : "", ";");
    }
    for (const std::string& op : group.through) kind += op + ",";
    return kind;
}

std::vector<std::vector<const Group*>> comparable(const std::vector<const Group*>& groups,
                                                  const model::Snapshot& snapshot, Scope scope) {
    if (scope == Scope::Global) return {groups};
    std::map<std::string, std::vector<const Group*>> kinds;
    for (const Group* group : groups) kinds[kindOf(*group, snapshot)].push_back(group);
    std::vector<std::vector<const Group*>> result;
    for (auto& [kind, own] : kinds) result.push_back(std::move(own));
    return result;
}

void warnOfUnscored(const Open& open, const Plan& plan) {
    if (open.unscored.empty()) return;
    std::string list;
    for (const std::string& key : open.unscored) list += (list.empty() ? "" : ", ") + key;
    log(LogLevel::Warning, cat("The criterion ", plan.channelDefaults.criterion,
                               " says nothing about these groups, which stay whole: ", list));
}

}  // namespace

Result<Plan> withChannelsEverywhere(const ChannelGroups& groups, const Plan& plan, double ratio,
                                    Scope scope, const ChannelScoresPtr& scores,
                                    std::int64_t multipleOf) {
    ChannelRule rule = ChannelRule::ratio(ratio);
    rule.multipleOf = multipleOf;
    if (auto inRange = checkRule("the whole model", rule); !inRange) return inRange.error();
    if (scope != Scope::Layer && !scores) {
        return Error{Error::Kind::BadArgument, std::string(kWhat),
                     "the channels have no scores yet", "Compute them first"};
    }
    const Open open = openGroups(groups, plan, scores.get());
    if (open.groups.empty()) return nothingOpen(open, groups, plan.channelDefaults.criterion);
    warnOfUnscored(open, plan);
    Plan result = plan;
    result.channels.clear();
    if (scope == Scope::Layer) {
        for (const Group* group : open.groups) result.channels[group->key] = rule;
        return result;
    }
    for (const auto& alike : comparable(open.groups, *groups.snapshot(), scope)) {
        const auto taken = spreadGlobally(alike, plan, ratio, *scores);
        for (std::size_t g = 0; g < alike.size(); ++g) {
            ChannelRule keep = ChannelRule::keepBest(alike[g]->width - taken[g]);
            keep.multipleOf = multipleOf;
            result.channels[alike[g]->key] = keep;
        }
    }
    return result;
}

}  // namespace espalier::prune
