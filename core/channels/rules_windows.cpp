// SPDX-License-Identifier: GPL-3.0-or-later
// Operators that take windows out of an axis, put them back, or turn an axis into its spectrum.
#include <array>
#include <numeric>

#include "core/base/format.h"
#include "core/channels/rules_torch.h"

namespace espalier::channels {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

Tags handedOn(const Call& call, ValueId input) {
    auto tags = call.plain(call.outputs().at(0));
    tags.axes = call.tagger.allAxes(input).axes;
    return tags;
}

/// Windows along an axis: its positions are neither kept nor dropped one by one.
void windows(const Call& call) {
    const auto input = call.tensor(0);
    const auto axis = call.wrap(call.integer("dimension", 0), call.rank(input));
    auto tags = handedOn(call, input);
    auto& own = tags.axes[at(axis)];
    call.tagger.freeze(own, cat(call.tagger.here(), " slides over them"));
    own = nullptr;
    tags.axes.push_back(nullptr);
    call.set(call.outputs().at(0), std::move(tags));
}

/// im2col: [.., channels, h, w] becomes [.., channels · kernel, places].
void unfold(const Call& call) {
    const auto input = call.tensor(0);
    const auto output = call.outputs().at(0);
    const auto channels = call.rank(input) - 3;
    const auto axes = call.tagger.allAxes(input).axes;
    const auto why = cat(call.tagger.here(), " slides over them");
    for (const auto space : {channels + 1, channels + 2}) call.tagger.freeze(axes[at(space)], why);
    auto tags = call.plain(output);
    if (channels > 0) tags.axes[0] = axes[0];
    if (const auto& own = axes[at(channels)]) {
        const auto kernel = at(call.shape(output)[at(channels)]) / own->size();
        auto made = std::make_shared<std::vector<Atom>>();
        for (const auto atom : *own) made->insert(made->end(), kernel, atom);
        tags.axes[at(channels)] = std::move(made);
    }
    call.set(output, std::move(tags));
}

/// col2im: blocks of a kernel's size become one channel.
void fold(const Call& call) {
    const auto input = call.tensor(0);
    const auto output = call.outputs().at(0);
    auto& tagger = call.tagger;
    const auto first = call.rank(input) - 2;
    const auto axes = tagger.allAxes(input).axes;
    tagger.freeze(axes.back(), cat(tagger.here(), " slides over them"));
    auto tags = call.plain(output);
    if (first > 0) tags.axes[0] = axes[0];
    if (const auto& own = axes[at(first)]) {
        const auto channels = call.shape(output)[at(first)];
        const auto block = own->size() / at(channels);
        auto made = std::make_shared<std::vector<Atom>>();
        for (std::size_t i = 0; i < own->size(); ++i) {
            if (i % block == 0) made->push_back((*own)[i]);
            tagger.unite((*own)[i / block * block], (*own)[i]);
        }
        tags.axes[at(first)] = std::move(made);
    }
    call.set(output, std::move(tags));
}

/// The axes that a transform runs over, when `dim` is not given: the last one, the last two, or as
/// many as sizes are given, else all.
std::vector<std::int64_t> transformedAxes(const Call& call, ValueId input) {
    auto dims = call.integers("dim");
    if (dims.empty()) {
        const auto rank = call.rank(input);
        const auto sizes = static_cast<std::int64_t>(call.integers("s").size());
        const bool isAny = call.name.ends_with('n') || call.name.ends_with("shift");
        const auto count = !isAny ? (call.name.ends_with('2') ? 2 : 1) : sizes > 0 ? sizes : rank;
        dims.resize(at(count));
        std::iota(dims.begin(), dims.end(), -count);
    }
    for (auto& dim : dims) dim = call.wrap(dim, call.rank(input));
    return dims;
}

/// Every number depends on all along the transformed axes; the others pass.
void transform(const Call& call) {
    const auto input = call.tensor(0);
    auto tags = handedOn(call, input);
    for (const auto axis : transformedAxes(call, input)) {
        call.tagger.freeze(tags.axes.at(at(axis)), cat(call.tagger.here(), " mixes them"));
        tags.axes[at(axis)] = nullptr;
    }
    call.set(call.outputs().at(0), std::move(tags));
}

/// The last axis holds the real and the imaginary part.
void asComplex(const Call& call) {
    auto tags = handedOn(call, call.tensor(0));
    call.tagger.freeze(tags.axes.back(), cat(call.tagger.here(), " reads them in pairs"));
    tags.axes.pop_back();
    call.set(call.outputs().at(0), std::move(tags));
}

void asReal(const Call& call) {
    auto tags = handedOn(call, call.tensor(0));
    tags.axes.push_back(nullptr);
    call.set(call.outputs().at(0), std::move(tags));
}

constexpr std::array kRules = {
    NamedRule{"unfold unfold_copy", windows},
    NamedRule{"im2col", unfold},
    NamedRule{"col2im", fold},
    NamedRule{"fft_fft fft_ifft fft_rfft fft_irfft fft_hfft fft_ihfft fft_fft2 fft_ifft2 fft_rfft2 "
              "fft_irfft2 fft_fftn fft_ifftn fft_rfftn fft_irfftn fft_fftshift fft_ifftshift",
              transform},
    NamedRule{"view_as_complex", asComplex},
    NamedRule{"view_as_real", asReal},
};

}  // namespace

std::span<const NamedRule> windowRules() {
    return kRules;
}

}  // namespace espalier::channels
