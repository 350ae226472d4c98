// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

#include "core/prune/channel_criteria_torch.h"

namespace espalier::prune {

namespace {

/// Rows are channels, columns what their positions hold; a channel with fewer positions than
/// others ends in zeros.
class ChannelRows {
public:
    ChannelRows(const channels::Member& member, at::Tensor slices)
        : m_slices(std::move(slices)),
          m_channels(static_cast<std::int64_t>(member.offsets.size()) - 1) {
        for (std::int64_t c = 0; c < m_channels; ++c)
            m_longest = std::max(m_longest, std::ssize(member.of(c)));
        m_columns = at::full({m_longest, m_channels}, m_slices.size(0), at::kLong);
        auto* positions = m_columns.mutable_data_ptr<std::int64_t>();
        for (std::int64_t c = 0; c < m_channels; ++c) {
            const auto own = member.of(c);
            for (std::size_t k = 0; k < own.size(); ++k)
                positions[static_cast<std::int64_t>(k) * m_channels + c] = own[k];
        }
    }

    /// Inner products of all pairs of rows, [channels, channels], in double. Undefined when
    /// stopped.
    at::Tensor products(RunControl& control) const {
        constexpr std::int64_t kElements = 1 << 22;
        const std::int64_t step =
            std::max<std::int64_t>(1, kElements / std::max<std::int64_t>(1, m_channels));
        at::Tensor sum = at::zeros({m_channels, m_channels}, at::kDouble);
        for (std::int64_t k = 0; k < m_longest; ++k) {
            const at::Tensor positions = m_columns[k];
            const at::Tensor isOwn = positions.lt(m_slices.size(0));
            const at::Tensor safe = positions.clamp_max(m_slices.size(0) - 1);
            for (std::int64_t begin = 0; begin < m_slices.size(1); begin += step) {
                if (!control.keepGoing()) return {};
                const auto size = std::min(step, m_slices.size(1) - begin);
                at::Tensor part = m_slices.narrow(1, begin, size).index_select(0, safe);
                part = part.to(at::kDouble) * isOwn.to(at::kDouble).unsqueeze(1);
                sum += at::matmul(part, part.t());
            }
        }
        return sum;
    }

private:
    at::Tensor m_slices;   // [positions, rest]
    at::Tensor m_columns;  // [longest, channels]: a position per channel; one past the last: none
    std::int64_t m_channels = 0;
    std::int64_t m_longest = 0;
};

Result<std::vector<MemberScores>> distances(const ChannelInput& input) {
    std::vector<MemberScores> scores;
    for (const channels::Member* member : producersOf(input)) {
        const auto slices = slicesOf(input, *member);
        if (!slices) return slices.error();
        const at::Tensor products = ChannelRows(*member, *slices).products(input.control);
        if (!products.defined()) return Error{Error::Kind::Cancelled, "Stopped", "", ""};
        const at::Tensor squares = products.diagonal();
        // |a − b|² = |a|² + |b|² − 2ab; in double what cancels is far below a float's precision.
        const at::Tensor distance =
            (squares.unsqueeze(0) + squares.unsqueeze(1) - products * 2).clamp_min(0).sqrt();
        const at::Tensor sum = distance.sum(1).contiguous();
        const double* values = sum.const_data_ptr<double>();
        scores.emplace_back(values, values + sum.numel());
        if (auto sound = checkFinite(input, *member, scores.back()); !sound) return sound.error();
    }
    return scores;
}

}  // namespace

/// He et al., Filter Pruning via Geometric Median, 2019.
ChannelCriterion fpgmChannels() {
    return {{"fpgm", "Σ_j ‖W_i − W_j‖₂",
             "Channels that the others can stand in for go first (He 2019).", false},
            distances};
}

}  // namespace espalier::prune
