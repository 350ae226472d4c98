// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>

#include <ATen/ops/abs.h>

#include "core/model/snapshot_torch.h"
#include "core/prune/channel_criteria_torch.h"

namespace espalier::prune {

namespace {

/// Whether a member is the γ of a normalisation; β and the running statistics are none.
bool isScale(const ChannelInput& input, const channels::Member& member) {
    if (member.role != channels::Role::Affine) return false;
    const auto layer = input.groups.snapshot()->find(member.parameter);
    return layer && input.groups.snapshot()->layer(*layer).op.ends_with("_norm");
}

Result<std::vector<MemberScores>> scales(const ChannelInput& input) {
    std::vector<MemberScores> scores;
    for (const channels::Member& member : input.group.members) {
        if (!isScale(input, member)) continue;
        const auto slices = slicesOf(input, member);
        if (!slices) return slices.error();
        const at::Tensor scale = at::abs(slices->to(at::kDouble)).sum(1).contiguous();
        const double* values = scale.const_data_ptr<double>();
        const std::vector<double> perPosition(values, values + scale.numel());
        if (auto sound = checkFinite(input, member, perPosition); !sound) return sound.error();
        scores.push_back(sumsOverPositions(member, perPosition));
    }
    return scores;
}

}  // namespace

/// Liu et al., Learning Efficient Convolutional Networks through Network Slimming, 2017.
ChannelCriterion bnScaleChannels() {
    return {{"bn_scale", "|γ|",
             "Channels that their batch norm scales down go first (network slimming, Liu 2017).",
             false},
            scales};
}

}  // namespace espalier::prune
