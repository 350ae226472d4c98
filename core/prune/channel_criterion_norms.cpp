// SPDX-License-Identifier: GPL-3.0-or-later
// The criteria l1 and l2: how large the weights are that compute a channel.
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/sum.h>

#include "core/prune/channel_criteria_torch.h"

namespace espalier::prune {

namespace {

enum class Norm { L1, L2 };

std::vector<double> sumsPerRow(const at::Tensor& matrix, Norm norm) {
    // In double, a run of rows at a time: no second copy of a large weight is made.
    constexpr std::int64_t kElements = 1 << 20;
    const std::int64_t step =
        std::max<std::int64_t>(1, kElements / std::max<std::int64_t>(1, matrix.size(1)));
    std::vector<double> sums;
    for (std::int64_t begin = 0; begin < matrix.size(0); begin += step) {
        const std::int64_t rows = std::min(step, matrix.size(0) - begin);
        const at::Tensor part = matrix.narrow(0, begin, rows).to(at::kDouble);
        const at::Tensor sum = at::sum(norm == Norm::L1 ? at::abs(part) : part * part, 1);
        const double* values = sum.const_data_ptr<double>();
        sums.insert(sums.end(), values, values + rows);
    }
    return sums;
}

Result<std::vector<MemberScores>> norms(const ChannelInput& input, Norm norm) {
    std::vector<MemberScores> scores;
    for (const channels::Member* member : producersOf(input)) {
        if (!input.control.keepGoing()) return Error{Error::Kind::Cancelled, "Stopped", "", ""};
        const auto slices = slicesOf(input, *member);
        if (!slices) return slices.error();
        MemberScores sums = sumsOverPositions(*member, sumsPerRow(*slices, norm));
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
