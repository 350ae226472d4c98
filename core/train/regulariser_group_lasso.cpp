// SPDX-License-Identifier: GPL-3.0-or-later
// group_lasso: the Euclidean length of all weights that compute a channel, added up over channels
// (Yuan and Lin 2006; for the channels of convolutions Wen et al. 2016). Whole channels become zero
// together.
#include <ATen/Functions.h>

#include <algorithm>

#include "core/train/regularisers_torch.h"

namespace espalier::train {
namespace {

/// Positions on an axis of a weight, and the channel that each of them computes.
struct Slices {
    at::Tensor weight;
    std::int64_t axis = 0;
    at::Tensor positions;  ///< int64; undefined: all, in order
    at::Tensor channels;   ///< int64, as many
};

/// Channels that are computed together.
struct Channels {
    std::int64_t width = 0;
    std::vector<Slices> slices;
};

/// [width]: ‖all weights of the channel‖₂. Its gradient at a channel of zeros is zero.
at::Tensor lengths(const Channels& group) {
    at::Tensor squares;
    for (const Slices& slices : group.slices) {
        const at::Tensor rows = slices.positions.defined()
                                    ? slices.weight.index_select(slices.axis, slices.positions)
                                    : slices.weight;
        const at::Tensor perRow = rows.transpose(0, slices.axis).flatten(1).square().sum(1);
        const at::Tensor none = at::zeros({group.width}, perRow.options());
        const at::Tensor own = none.index_add(0, slices.channels, perRow);
        squares = squares.defined() ? squares + own : own;
    }
    const at::Tensor isZero = squares == 0;
    return squares.masked_fill(isZero, 1).sqrt().masked_fill(isZero, 0);
}

Channels channelsOf(const channels::Group& group, const Regularised& regularised) {
    Channels result{group.width, {}};
    if (group.locked) return result;  // none of them can go
    for (const channels::Member& member : group.members) {
        const auto layer = regularised.snapshot.find(member.parameter);
        if (member.role != channels::Role::Producer || !layer) continue;
        const at::Tensor weight = regularised.trained(regularised.snapshot.layer(*layer));
        if (!weight.defined() || weight.dim() < 2) continue;
        std::vector<std::int64_t> channelOf;
        for (std::int64_t channel = 0; channel < group.width; ++channel)
            channelOf.insert(channelOf.end(), member.of(channel).size(), channel);
        const auto onDevice = [&weight](const std::vector<std::int64_t>& values) {
            return at::tensor(values, at::kLong).to(weight.device());
        };
        result.slices.push_back(
            {weight, member.axis, onDevice(member.indices), onDevice(channelOf)});
    }
    return result;
}

std::int64_t outputAxis(const model::Layer& layer) {
    const bool isSecond =
        layer.op.starts_with("conv_transpose") || layer.op == "matmul" || layer.op == "embedding";
    return isSecond ? 1 : 0;
}

bool isProducedBy(const channels::ChannelGroups* groups, const model::Layer& layer) {
    return groups && groups->producing(layer.name).has_value();
}

}  // namespace

Penalty makeGroupLasso(const Regularised& regularised) {
    std::vector<Channels> all;
    if (regularised.groups) {
        for (const channels::Group& group : regularised.groups->groups()) {
            Channels own = channelsOf(group, regularised);
            if (!own.slices.empty()) all.push_back(std::move(own));
        }
    }
    for (const model::Layer& layer : regularised.snapshot.layers()) {
        if (!layer.prunable.weights || isProducedBy(regularised.groups, layer)) continue;
        const at::Tensor weight = regularised.trained(layer);
        if (!weight.defined()) continue;
        const std::int64_t axis = outputAxis(layer);
        const std::int64_t width = weight.size(axis);
        all.push_back(
            {width, {{weight, axis, {}, at::arange(width, weight.options().dtype(at::kLong))}}});
    }
    if (all.empty()) return {};
    return [all] {
        at::Tensor sum;
        for (const Channels& group : all) {
            const at::Tensor own = lengths(group).sum();
            sum = sum.defined() ? sum + own : own;
        }
        return sum;
    };
}

}  // namespace espalier::train
