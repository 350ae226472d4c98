// SPDX-License-Identifier: GPL-3.0-or-later
// The criteria l1 and l2: how large the weights are that compute a channel.
#include <algorithm>
#include <array>
#include <cmath>

#include "core/prune/channel_criteria_torch.h"

namespace espalier::prune {

namespace {

enum class Norm { L1, L2 };

/// Σ|w| or Σw² of one row, in four partial sums, which the compiler may keep in one register.
template <class Value>
double sumOf(const Value* row, std::int64_t size, Norm norm) {
    std::array<double, 4> sums{};
    for (std::int64_t i = 0; i < size; ++i) {
        const auto value = static_cast<double>(row[i]);
        sums[static_cast<std::size_t>(i % 4)] += norm == Norm::L1 ? std::abs(value) : value * value;
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

template <class Value>
std::vector<double> sumsOf(const at::Tensor& matrix, Norm norm) {
    const at::Tensor rows = matrix.contiguous();
    const Value* values = rows.const_data_ptr<Value>();
    std::vector<double> sums;
    for (std::int64_t row = 0; row < rows.size(0); ++row)
        sums.push_back(sumOf(values + row * rows.size(1), rows.size(1), norm));
    return sums;
}

std::vector<double> sumsPerRow(const at::Tensor& matrix, Norm norm) {
    if (matrix.scalar_type() == at::kDouble) return sumsOf<double>(matrix, norm);
    return sumsOf<float>(matrix.to(at::kFloat), norm);  // half precision fits a float exactly
}

Result<std::vector<MemberScores>> norms(const ChannelInput& input, Norm norm) {
    auto members = producersOf(input);
    if (input.withConsumers) {
        for (const channels::Member* member : consumersOf(input)) {
            if (std::ranges::find(members, member) == members.end()) members.push_back(member);
        }
    }
    std::vector<MemberScores> scores;
    for (const channels::Member* member : members) {
        if (!input.control.keepGoing()) return Error{Error::Kind::Cancelled, "Stopped", "", ""};
        const auto slices = slicesOf(input, *member);
        if (!slices) return slices.error();
        const auto perPosition = sumsPerRow(*slices, norm);
        if (auto sound = checkFinite(input, *member, perPosition); !sound) return sound.error();
        MemberScores sums = sumsOverPositions(*member, perPosition);
        if (norm == Norm::L2) {
            for (double& sum : sums) sum = std::sqrt(sum);
        }
        scores.push_back(std::move(sums));
    }
    return scores;
}

}  // namespace

/// Li et al., Pruning Filters for Efficient ConvNets, 2017.
ChannelCriterion l1Channels() {
    return {{"l1", "Σ|w|", "Channels of small weights go first, by their sum (Li 2017).", false},
            [](const ChannelInput& input) { return norms(input, Norm::L1); }};
}

ChannelCriterion l2Channels() {
    return {{"l2", "√Σw²", "Channels of small weights go first, by their Euclidean length.", false},
            [](const ChannelInput& input) { return norms(input, Norm::L2); }};
}

}  // namespace espalier::prune
