// SPDX-License-Identifier: GPL-3.0-or-later
// The channel criteria that are measured on data: core/measure says what positions are judged by,
// here they become one score per channel.
#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "core/prune/channel_criteria_torch.h"

namespace espalier::prune {

namespace {

using channels::Member;
using Needs = CriterionInfo::Needs;
using Scored = Result<std::vector<MemberScores>>;

/// What the positions of one channel come to: by round the sum over them, and how many they are.
struct Sums {
    std::vector<double> rounds;
    std::size_t positions = 0;
};
using Combine = double (*)(const Sums& sums);

/// [rounds, positions]; undefined when nothing was measured along the member's axis.
at::Tensor measuredAlong(const ChannelInput& input, const Member& member) {
    const auto& parameters = input.measured->state().parameters;
    const auto found = parameters.find(member.parameter);
    const auto axis = static_cast<std::size_t>(member.axis);
    if (found == parameters.end() || axis >= found->second.axes.size()) return {};
    return found->second.axes[axis];
}

std::optional<MemberScores> scoresOf(const ChannelInput& input, const Member& member,
                                     Combine combine) {
    const at::Tensor measured = measuredAlong(input, member);
    if (!measured.defined()) return std::nullopt;
    const std::int64_t length = measured.size(1);
    const double* values = measured.const_data_ptr<double>();
    MemberScores scores;
    for (std::int64_t channel = 0; channel < input.group.width; ++channel) {
        const auto positions = member.of(channel);
        Sums sums{std::vector<double>(static_cast<std::size_t>(measured.size(0))),
                  positions.size()};
        for (std::size_t round = 0; round < sums.rounds.size(); ++round) {
            const double* row = values + static_cast<std::int64_t>(round) * length;
            for (const std::int64_t position : positions) sums.rounds[round] += row[position];
        }
        scores.push_back(combine(sums));
    }
    return scores;
}

std::vector<MemberScores> scoresOf(const ChannelInput& input,
                                   const std::vector<const Member*>& members, Combine combine) {
    std::vector<MemberScores> scores;
    for (const Member* member : members) {
        if (auto own = scoresOf(input, *member, combine)) scores.push_back(std::move(*own));
    }
    return scores;
}

double sumOf(const Sums& sums) {
    return sums.rounds.front();
}

double meanOf(const Sums& sums) {
    return sums.positions == 0 ? 0 : sums.rounds.front() / static_cast<double>(sums.positions);
}

double rootOf(const Sums& sums) {
    return std::sqrt(sums.rounds.front());
}

double squaresOf(const Sums& sums) {
    double squares = 0;
    for (const double sum : sums.rounds) squares += sum * sum;
    return squares;
}

/// Activations are what the layers read that the channels go to; where none is known, what the
/// producers give.
Scored activations(const ChannelInput& input) {
    auto scores = scoresOf(input, consumersOf(input), meanOf);
    return scores.empty() ? scoresOf(input, producersOf(input), meanOf) : scores;
}

}  // namespace

/// Molchanov et al., Importance Estimation for Neural Network Pruning, 2019: per batch, then the
/// mean over batches.
ChannelCriterion taylorChannels() {
    return {{"taylor", "(Σ w·∂L/∂w)²",
             "Channels that the loss would hardly miss go first, to first order (Molchanov 2019).",
             false, Needs::Labels},
            [](const ChannelInput& input) -> Scored {
                return scoresOf(input, producersOf(input), squaresOf);
            }};
}

ChannelCriterion gradientChannels() {
    return {{"gradient", "‖∂L/∂w‖₂", "Channels that the loss hardly depends on go first.", false,
             Needs::Labels},
            [](const ChannelInput& input) -> Scored {
                return scoresOf(input, producersOf(input), rootOf);
            }};
}

/// LeCun et al., Optimal Brain Damage, 1990, summed over the channel's weights.
ChannelCriterion fisherChannels() {
    return {{"fisher", "Σ ½·w²·E[(∂L/∂w)²]",
             "Channels that the loss would hardly miss go first, to second order (LeCun 1990).",
             false, Needs::Labels},
            [](const ChannelInput& input) -> Scored {
                return scoresOf(input, producersOf(input), sumOf);
            }};
}

/// Sun et al., A Simple and Effective Pruning Approach for Large Language Models, 2023, summed over
/// the channel's weights.
ChannelCriterion wandaChannels() {
    return {{"wanda", "Σ |w|·‖x‖₂",
             "Channels computed by small weights of faint inputs go first (Sun 2023).", false,
             Needs::Inputs},
            [](const ChannelInput& input) -> Scored {
                return scoresOf(input, producersOf(input), sumOf);
            }};
}

ChannelCriterion activationChannels() {
    return {
        {"activation", "mean |a|",
         "Channels that are faint where the next layers read them go first.", false, Needs::Inputs},
        activations};
}

/// Hu et al., Network Trimming, 2016 (APoZ: the average percentage of zeros).
ChannelCriterion apozChannels() {
    return {{"apoz", "1 − share of zeros",
             "Channels that are most often zero where the next layers read them go first (Hu "
             "2016).",
             false, Needs::Inputs},
            activations};
}

}  // namespace espalier::prune
