// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/channel_criterion.h"

#include <algorithm>
#include <cmath>

#include "core/base/format.h"
#include "core/model/snapshot_torch.h"
#include "core/prune/channel_criteria_torch.h"
#include "core/prune/channel_members_torch.h"

namespace espalier::prune {

using channels::Role;

namespace {

const std::vector<ChannelCriterion>& table() {
    static const std::vector<ChannelCriterion> criteria{
        l2Channels(),         l1Channels(),       bnScaleChannels(), fpgmChannels(),
        taylorChannels(),     gradientChannels(), fisherChannels(),  wandaChannels(),
        activationChannels(), apozChannels(),     randomChannels()};
    return criteria;
}

std::vector<const channels::Member*> membersOf(const ChannelInput& input, Role role) {
    std::vector<const channels::Member*> members;
    for (const channels::Member& member : input.group.members) {
        if (member.role != role) continue;
        const auto tensor = tensorAt(*input.groups.snapshot(), member.parameter);
        if (tensor && tensor->is_floating_point()) members.push_back(&member);
    }
    return members;
}

}  // namespace

std::span<const CriterionInfo> channelCriteria() {
    static const std::vector<CriterionInfo> infos = [] {
        std::vector<CriterionInfo> result;
        for (const ChannelCriterion& criterion : table()) result.push_back(criterion.info);
        return result;
    }();
    return infos;
}

Result<const ChannelCriterion*> findCriterionOfChannels(std::string_view name) {
    std::string known;
    for (const ChannelCriterion& criterion : table()) {
        if (criterion.info.name == name) return &criterion;
        known += (known.empty() ? "" : ", ") + criterion.info.name;
    }
    return Error{Error::Kind::BadArgument, "Cannot rank channels",
                 cat("\"", name, "\" is no channel criterion"), "Use one of " + known};
}

Result<CriterionInfo> findChannelCriterion(std::string_view name) {
    const auto criterion = findCriterionOfChannels(name);
    if (!criterion) return criterion.error();
    return (*criterion)->info;
}

std::vector<const channels::Member*> producersOf(const ChannelInput& input) {
    // A table that is added, or an input that is scaled, has channels that no layer computes.
    for (const Role role : {Role::Producer, Role::Affine, Role::Consumer}) {
        auto members = membersOf(input, role);
        if (!members.empty()) return members;
    }
    return {};
}

std::vector<const channels::Member*> consumersOf(const ChannelInput& input) {
    return membersOf(input, Role::Consumer);
}

Result<at::Tensor> slicesOf(const ChannelInput& input, const channels::Member& member) {
    const auto tensor = tensorAt(*input.groups.snapshot(), member.parameter);
    if (!tensor) {
        return Error{Error::Kind::Failed, cat("Cannot rank the channels of ", input.group.key),
                     cat("the model has no ", member.parameter), ""};
    }
    const at::Tensor moved = tensor->movedim(member.axis, 0);
    return moved.reshape({moved.size(0), -1});
}

Result<void> checkFinite(const ChannelInput& input, const channels::Member& member,
                         const std::vector<double>& sums) {
    const auto isFinite = [](double sum) { return std::isfinite(sum); };
    if (std::ranges::all_of(sums, isFinite)) return {};
    return Error{Error::Kind::Damaged, cat("Cannot rank the channels of ", input.group.key),
                 cat(member.parameter, " holds numbers that are NaN or infinite"),
                 "Train the model again from a state without NaN, or lock this group"};
}

std::vector<double> sumsOverPositions(const channels::Member& member,
                                      const std::vector<double>& perPosition) {
    std::vector<double> sums;
    for (std::size_t c = 0; c + 1 < member.offsets.size(); ++c) {
        double sum = 0;
        for (const std::int64_t position : member.of(static_cast<std::int64_t>(c)))
            sum += perPosition.at(static_cast<std::size_t>(position));
        sums.push_back(sum);
    }
    return sums;
}

}  // namespace espalier::prune
