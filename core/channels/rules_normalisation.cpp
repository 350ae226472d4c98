// SPDX-License-Identifier: GPL-3.0-or-later
// Norms, softmax and reductions.
#include <algorithm>
#include <array>
#include <numeric>

#include <torch/csrc/jit/ir/constants.h>

#include "core/base/format.h"
#include "core/channels/exact_sums_torch.h"
#include "core/channels/rules_torch.h"

namespace espalier::channels {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

/// One number per channel for each of the named arguments.
void attachPerChannel(const Call& call, ValueId input, std::int64_t axis) {
    for (const auto* name : {"weight", "bias", "running_mean", "running_var"}) {
        const auto parameter = call.tensor(name);
        if (parameter < 0 || call.rank(parameter) != 1 || call.shape(parameter)[0] <= 1) continue;
        joinAxes(call, input, axis, parameter, 0);
    }
}

void handOn(const Call& call, ValueId input) {
    auto tags = call.tagger.allAxes(input);
    tags.isLazy = false;
    const auto outputs = call.outputs();
    for (const auto output : outputs) {
        if (call.shape(output) == call.shape(input)) {
            call.set(output, tags);
        } else {
            call.set(output, call.plain(output));
        }
    }
}

/// In training mode, as standardised weights are made, the statistics are those of this very input.
void batchNorm(const Call& call) {
    const auto input = call.tensor(0);
    if (call.flag("training")) {
        const auto why = cat(call.tagger.here(), " takes its statistics over them");
        const auto axes = call.tagger.allAxes(input).axes;
        for (std::size_t i = 0; i < axes.size(); ++i) {
            if (i != 1) call.tagger.markInexact(axes[i], why);
        }
    }
    attachPerChannel(call, input, call.rank(input) > 1 ? 1 : 0);
    handOn(call, input);
}

void instanceNorm(const Call& call) {
    const auto input = call.tensor(0);
    const auto why = cat(call.tagger.here(), " takes its statistics over them");
    const auto axes = call.tagger.allAxes(input).axes;
    for (std::size_t i = 2; i < axes.size(); ++i) call.tagger.markInexact(axes[i], why);
    batchNorm(call);
}

/// layer_norm and rms_norm: statistics over the last axes.
void layerNorm(const Call& call) {
    auto& tagger = call.tagger;
    const auto input = call.tensor(0);
    const auto count = static_cast<std::int64_t>(call.integers("normalized_shape").size());
    const auto first = call.rank(input) - count;
    const auto why = cat(tagger.here(), " takes its statistics over them");
    for (auto axis = first; axis < call.rank(input); ++axis) {
        tagger.markInexact(tagger.axis(input, axis), why);
        for (const auto* name : {"weight", "bias"}) {
            const auto parameter = call.tensor(name);
            if (parameter < 0 || call.shape(parameter)[at(axis - first)] <= 1) continue;
            joinAxes(call, input, axis, parameter, axis - first);
        }
    }
    handOn(call, input);
}

/// Statistics over the channels of a group: whole groups can go exactly, the same positions in each
/// cannot.
void groupNorm(const Call& call) {
    auto& tagger = call.tagger;
    const auto input = call.tensor(0);
    const auto channels = tagger.axis(input, 1);
    const auto groups = call.integer("num_groups", 1);
    const auto perGroup = call.shape(input)[1] / std::max<std::int64_t>(1, groups);
    const auto why = cat(tagger.here(), " takes its statistics over them");
    const auto axes = tagger.allAxes(input).axes;
    for (std::size_t i = 2; i < axes.size(); ++i) tagger.markInexact(axes[i], why);
    attachPerChannel(call, input, 1);
    const bool isWhole = groups > 1 && groups >= perGroup;
    for (std::size_t i = 0; channels != nullptr && i < channels->size() && groups > 1; ++i) {
        const auto period = at(perGroup);
        tagger.unite((*channels)[isWhole ? i / period * period : i % period], (*channels)[i]);
    }
    if (!isWhole) tagger.markInexact(channels, why);
    if (isWhole) tagger.addGrouped(channels, perGroup);
    handOn(call, input);
}

std::vector<std::int64_t> reducedAxes(const Call& call, ValueId input) {
    auto dims = call.integers("dim");
    if (dims.empty()) dims = call.integers("dims");
    const bool isAll = dims.empty();
    if (isAll) {
        dims.resize(call.shape(input).size());
        std::iota(dims.begin(), dims.end(), 0);
    }
    for (auto& dim : dims) dim = call.wrap(dim, call.rank(input));
    return dims;
}

/// What adds its input up is judged when it is known what masked channels hold: see judgeSums.
void reduce(const Call& call) {
    auto& tagger = call.tagger;
    const auto input = call.tensor(0);
    const auto dims = reducedAxes(call, input);
    const auto why = cat(tagger.here(), " is taken over them");
    const auto own = tagger.allAxes(input);
    const bool isJudgedLater = isSum(call.name);
    std::vector<AxisTags> kept;
    for (std::int64_t axis = 0; axis < call.rank(input); ++axis) {
        const bool isReduced = std::ranges::find(dims, axis) != dims.end();
        if (isReduced && !isJudgedLater) tagger.markInexact(own.axes[at(axis)], why);
        if (!isReduced || call.flag("keepdim")) {
            kept.push_back(isReduced ? nullptr : own.axes[at(axis)]);
        }
    }
    for (const auto output : call.outputs()) {
        auto tags = call.plain(output);
        if (kept.size() == tags.axes.size()) tags.axes = kept;
        call.set(output, std::move(tags));
    }
}

/// Positions along the axis come out as numbers: none may go. The other axes pass.
void position(const Call& call) {
    const auto input = call.tensor(0);
    const auto why = cat(call.tagger.here(), " compares them");
    const auto own = call.tagger.allAxes(input);
    for (const auto axis : reducedAxes(call, input)) call.tagger.freeze(own.axes[at(axis)], why);
    reduce(call);
}

/// Whether anything reads a value: in scripted code all results go into a tuple first.
bool isRead(const torch::jit::Value* value) {
    return std::ranges::any_of(value->uses(), [](const torch::jit::Use& use) {
        if (use.user->kind() != c10::prim::TupleConstruct) return true;
        const auto& uses = use.user->output()->uses();
        return std::ranges::any_of(uses, [place = use.offset](const torch::jit::Use& later) {
            const auto& taker = *later.user;
            if (taker.kind() == c10::prim::TupleUnpack) return isRead(taker.outputs()[place]);
            const auto index = taker.kind() == c10::prim::TupleIndex
                                   ? torch::jit::constant_as<std::int64_t>(taker.input(1))
                                   : std::nullopt;
            return !index || *index == static_cast<std::int64_t>(place);
        });
    });
}

/// max and min: of two tensors, of all, or along one axis with positions.
void extreme(const Call& call) {
    if (call.tensors().size() > 1) {
        const auto inputs = call.tensors();
        for (const auto output : call.outputs()) {
            call.set(output, broadcastTags(call, inputs, call.shape(output)));
        }
    } else if (call.outputs().size() > 1 && isRead(call.step.node->outputs()[1])) {
        position(call);
    } else {
        reduce(call);
    }
}

/// Rounded to steps that each position of one axis has of its own.
void quantizedPerChannel(const Call& call) {
    const auto input = call.tensor(0);
    const auto axis = call.wrap(call.integer("axis", 0), call.rank(input));
    for (const auto* name : {"scale", "zero_point"}) {
        joinAxes(call, input, axis, call.tensor(name), 0);
    }
    handOn(call, input);
}

/// softmax and the like: every position depends on all along one axis.
void along(const Call& call) {
    const auto input = call.tensor(0);
    const auto axis = call.wrap(call.integer("dim", -1), call.rank(input));
    if (axis >= 0 && axis < call.rank(input)) {
        const auto own = call.tagger.axis(input, axis);
        const auto why = cat(call.tagger.here(), " is taken over them");
        const bool isOrdered =
            !call.name.ends_with("softmax") && call.name != "softmin" && call.name != "normalize";
        if (isOrdered) call.tagger.freeze(own, why);
        call.tagger.markInexact(own, why);
    }
    for (const auto output : call.outputs()) {
        auto tags = call.tagger.allAxes(input);
        tags.isLazy = false;
        const bool isShorter = call.shape(output) != call.shape(input);
        if (isShorter && call.rank(output) != call.rank(input)) tags = call.plain(output);
        if (isShorter && call.rank(output) == call.rank(input)) tags.axes[at(axis)] = nullptr;
        call.set(output, std::move(tags));
    }
}

/// glu: the first half times a gate made of the second.
void glu(const Call& call) {
    const auto input = call.tensor(0);
    const auto axis = call.wrap(call.integer("dim", -1), call.rank(input));
    auto tags = call.tagger.allAxes(input);
    tags.isLazy = false;
    if (const auto own = tags.axes[at(axis)]) {
        const auto half = own->begin() + static_cast<std::ptrdiff_t>(own->size() / 2);
        const auto first = std::make_shared<const std::vector<Atom>>(own->begin(), half);
        const auto second = std::make_shared<const std::vector<Atom>>(half, own->end());
        call.tagger.unite(first, second);
        tags.axes[at(axis)] = first;
    }
    call.set(call.outputs().at(0), std::move(tags));
}

/// g · v / |v|, with the norm taken over all axes of v but one.
void weightNorm(const Call& call) {
    const auto v = call.tensor(0);
    const auto g = call.tensor(1);
    const auto axis = call.wrap(call.integer("dim", 0), call.rank(v));
    if (g >= 0 && call.rank(g) == call.rank(v) && call.shape(g)[at(axis)] > 1) {
        joinAxes(call, v, axis, g, axis);
    }
    auto tags = call.plain(call.outputs().at(0));
    tags.axes = call.tagger.allAxes(v).axes;
    call.set(call.outputs().at(0), std::move(tags));
}

constexpr std::array kRules = {
    NamedRule{"batch_norm native_batch_norm _native_batch_norm_legit_no_training cudnn_batch_norm",
              batchNorm},
    NamedRule{"instance_norm", instanceNorm},
    NamedRule{"layer_norm native_layer_norm rms_norm", layerNorm},
    NamedRule{"group_norm", groupNorm},
    NamedRule{"fake_quantize_per_channel_affine", quantizedPerChannel},
    NamedRule{"sum mean var std var_mean std_mean norm linalg_vector_norm frobenius_norm nansum "
              "nanmean logsumexp prod amax amin all any aminmax linalg_norm count_nonzero",
              reduce},
    NamedRule{"argmax argmin median mode kthvalue nanmedian", position},
    NamedRule{"max min", extreme},
    NamedRule{
        "softmax log_softmax _softmax _log_softmax softmin cumsum cumprod cummax sort argsort "
        "logcumsumexp topk",
        along},
    NamedRule{"glu", glu},
    NamedRule{"_weight_norm _weight_norm_interface", weightNorm},
};

}  // namespace

std::span<const NamedRule> normalisationRules() {
    return kRules;
}

}  // namespace espalier::channels
