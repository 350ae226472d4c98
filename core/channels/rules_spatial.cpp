// SPDX-License-Identifier: GPL-3.0-or-later
// Pooling and resizing: channel by channel, over the last axes.
#include <array>

#include "core/base/format.h"
#include "core/channels/rules_torch.h"

namespace espalier::channels {

namespace {

/// How many axes at the end the operator works on; by the figure in its name.
std::int64_t spatialAxes(const Call& call) {
    for (const char c : call.name) {
        if (c >= '1' && c <= '3') return c - '0';
    }
    return call.rank(call.tensor(0)) - 2;
}

void overSpace(const Call& call) {
    const auto input = call.tensor(0);
    const auto axes = call.tagger.allAxes(input).axes;
    const auto channels = call.rank(input) - spatialAxes(call);
    const auto why = cat(call.tagger.here(), " mixes neighbours among them");
    for (std::size_t i = 0; i < axes.size(); ++i) {
        if (static_cast<std::int64_t>(i) >= channels) call.tagger.freeze(axes[i], why);
    }
    for (const auto output : call.outputs()) {
        auto tags = call.plain(output);
        for (std::size_t i = 0; i < axes.size() && i < tags.axes.size(); ++i) {
            if (static_cast<std::int64_t>(i) < channels) tags.axes[i] = axes[i];
        }
        call.set(output, std::move(tags));
    }
}

/// Samples at places that another tensor gives: channel by channel.
void sampled(const Call& call) {
    const auto input = call.tensor(0);
    const auto output = call.outputs().at(0);
    const auto axes = call.tagger.allAxes(input).axes;
    const auto why = cat(call.tagger.here(), " reads them by place");
    for (std::size_t i = 2; i < axes.size(); ++i) call.tagger.freeze(axes[i], why);
    if (call.tensor(1) >= 0) call.tagger.freezeAll(call.tensor(1), why);
    auto tags = call.plain(output);
    for (std::size_t i = 0; i < 2 && i < axes.size(); ++i) tags.axes[i] = axes[i];
    call.set(output, std::move(tags));
}

/// Undoes a pooling with the places that it noted, which have the same channels.
void unpooled(const Call& call) {
    const auto channels = call.rank(call.tensor(0)) - spatialAxes(call) - 1;
    joinAxes(call, call.tensor(0), channels, call.tensor(1), channels);
    overSpace(call);
}

constexpr std::array kRules = {
    NamedRule{"grid_sampler grid_sampler_2d grid_sampler_3d", sampled},
    NamedRule{"max_unpool2d max_unpool3d", unpooled},
    NamedRule{"max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d "
              "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d "
              "adaptive_max_pool2d adaptive_max_pool3d max_pool1d_with_indices "
              "max_pool2d_with_indices max_pool3d_with_indices _adaptive_avg_pool2d lp_pool1d "
              "lp_pool2d upsample_nearest1d upsample_nearest2d upsample_nearest3d "
              "upsample_bilinear2d upsample_bicubic2d upsample_linear1d upsample_trilinear3d "
              "_upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_bilinear2d_aa "
              "_upsample_bicubic2d_aa __interpolate interpolate __upsample __upsample_nearest "
              "__upsample_bilinear",
              overSpace},
};

}  // namespace

std::span<const NamedRule> spatialRules() {
    return kRules;
}

}  // namespace espalier::channels
