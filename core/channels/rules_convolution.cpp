// SPDX-License-Identifier: GPL-3.0-or-later
// Convolutions: plain, transposed, grouped, depthwise.
#include <algorithm>
#include <array>
#include <set>

#include "core/base/format.h"
#include "core/channels/rules_torch.h"

namespace espalier::channels {

namespace {

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

/// What one convolution is given. Input channels are [groups, inPerGroup], output channels
/// [groups, outPerGroup].
struct Convolution {
    ValueId input = -1;
    ValueId weight = -1;
    ValueId bias = -1;
    bool isTransposed = false;
    std::int64_t groups = 1;
    std::int64_t channelAxis = 1;
    std::int64_t inPerGroup = 1;
    std::int64_t outPerGroup = 1;
};

Convolution read(const Call& call) {
    Convolution conv;
    conv.input = call.tensor(0);
    conv.weight = call.tensor(1);
    conv.bias = call.tensor("bias");
    conv.isTransposed = call.flag("transposed") || call.name.starts_with("conv_transpose");
    conv.groups = call.integer("groups", 1);
    conv.channelAxis = call.rank(conv.input) == call.rank(conv.weight) ? 1 : 0;
    const auto& shape = call.shape(conv.weight);
    conv.inPerGroup = conv.isTransposed ? shape[0] / conv.groups : shape[1];
    conv.outPerGroup = conv.isTransposed ? shape[1] : shape[0] / conv.groups;
    return conv;
}

/// Whether the kernel has one position along the input's `axis` and goes one by one: what lies
/// there does not meet.
bool isPointwise(const Call& call, const Convolution& conv, std::int64_t axis, ValueId output) {
    const auto place = at(axis - conv.channelAxis - 1);
    const auto strides = call.integers("stride");
    const bool isByOne = strides.empty() || strides[std::min(place, strides.size() - 1)] == 1;
    return isByOne && call.shape(conv.weight)[place + 2] == 1 &&
           call.shape(conv.input)[at(axis)] == call.shape(output)[at(axis)];
}

/// Whether the kernel is as wide as the input along its `axis` and lies there once: it then reads
/// what is there as a linear layer does.
bool coversAll(const Call& call, const Convolution& conv, std::int64_t axis, ValueId output) {
    const auto place = at(axis - conv.channelAxis - 1);
    const auto isAlways = [&call, place](std::string_view argument, std::int64_t wanted) {
        const auto numbers = call.integers(argument);
        return !numbers.empty() && numbers[std::min(place, numbers.size() - 1)] == wanted;
    };
    return !conv.isTransposed && isAlways("padding", 0) && isAlways("dilation", 1) &&
           call.shape(output)[at(axis)] == 1 &&
           call.shape(conv.weight)[place + 2] == call.shape(conv.input)[at(axis)];
}

/// Batches pass, and space that a pointwise kernel leaves apart or reads as a whole; other space
/// and the kernel stay.
Tags aroundChannels(const Call& call, const Convolution& conv, ValueId output) {
    auto tags = call.plain(output);
    std::set<std::size_t> covered;
    const auto why = cat(call.tagger.here(), " slides over them");
    const auto axes = call.tagger.allAxes(conv.input).axes;
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const auto axis = static_cast<std::int64_t>(i);
        if (axis == conv.channelAxis) continue;
        if (axis < conv.channelAxis || isPointwise(call, conv, axis, output)) {
            tags.axes[i] = axes[i];
        } else if (axes[i] != nullptr && coversAll(call, conv, axis, output)) {
            const auto kernel = axis - conv.channelAxis + 1;
            covered.insert(at(kernel));
            call.tagger.setRole(conv.weight, call.tagger.axis(conv.weight, kernel), Role::Consumer);
            joinAxes(call, conv.input, axis, conv.weight, kernel);
        } else {
            call.tagger.freeze(axes[i], why);
        }
    }
    const auto weight = call.tagger.tags(conv.weight).axes;
    for (std::size_t i = 2; i < weight.size(); ++i) {
        if (!covered.contains(i)) call.tagger.freeze(weight[i], why);
    }
    return tags;
}

void plainConvolution(const Call& call, const Convolution& conv, ValueId output) {
    auto& tagger = call.tagger;
    const auto in = conv.isTransposed ? 0 : 1;
    const auto out = 1 - in;
    const auto produced = tagger.axis(conv.weight, out);
    tagger.setRole(conv.weight, produced, Role::Producer);
    tagger.setRole(conv.weight, tagger.axis(conv.weight, in), Role::Consumer);
    joinAxes(call, conv.input, conv.channelAxis, conv.weight, in);
    auto tags = aroundChannels(call, conv, output);
    tags.axes[at(conv.channelAxis)] = produced;
    if (conv.bias >= 0) joinAxes(call, conv.weight, out, conv.bias, 0);
    call.set(output, std::move(tags));
}

/// How many units the input's channels form when `unite` names the first that each goes with.
std::int64_t unitsWhen(const Call& call, const AxisTags& channels, std::int64_t period,
                       bool whole) {
    if (channels == nullptr) return 0;
    auto& atoms = call.tagger.atoms();
    std::map<Atom, std::int64_t> unitOf;
    std::set<std::int64_t> units;
    for (std::size_t i = 0; i < channels->size(); ++i) {
        const auto place = static_cast<std::int64_t>(i);
        const auto unit = whole ? place / period : place % period;
        if ((*channels)[i] == kNoAtom) continue;
        units.insert(unitOf.try_emplace(atoms.root((*channels)[i]), unit).first->second);
    }
    return static_cast<std::int64_t>(units.size());
}

/// Whole groups go: input and output channels of a group are one.
AxisTags wholeGroups(const Call& call, const Convolution& conv) {
    auto& tagger = call.tagger;
    const auto input = tagger.axis(conv.input, conv.channelAxis);
    const auto rows = tagger.axis(conv.weight, 0);
    const auto columns = tagger.axis(conv.weight, 1);
    const auto perRow = conv.isTransposed ? conv.inPerGroup : conv.outPerGroup;
    const auto why = cat(tagger.here(), " keeps or drops its groups as a whole");
    tagger.freeze(columns, why);
    tagger.setRole(conv.weight, rows, Role::Producer);
    if (rows == nullptr) {
        tagger.freeze(input, cat(tagger.here(), " has weights that are worked out on the way"));
        return nullptr;
    }
    auto produced = std::make_shared<std::vector<Atom>>();
    for (std::int64_t group = 0; group < conv.groups; ++group) {
        const auto first = (*input)[at(group * conv.inPerGroup)];
        for (std::int64_t i = 1; i < conv.inPerGroup; ++i) {
            tagger.unite(first, (*input)[at(group * conv.inPerGroup + i)]);
        }
        for (std::int64_t i = 0; i < perRow; ++i) {
            tagger.unite(first, (*rows)[at(group * perRow + i)]);
        }
        produced->insert(produced->end(), at(conv.outPerGroup), first);
    }
    tagger.addGrouped(input, conv.inPerGroup);
    return produced;
}

/// The same positions go in every group.
AxisTags samePositions(const Call& call, const Convolution& conv) {
    auto& tagger = call.tagger;
    const auto input = tagger.axis(conv.input, conv.channelAxis);
    const auto rows = tagger.axis(conv.weight, 0);
    const auto columns = tagger.axis(conv.weight, 1);
    const auto read = conv.isTransposed ? rows : columns;
    const auto made = conv.isTransposed ? columns : rows;
    tagger.setRole(conv.weight, made, Role::Producer);
    tagger.setRole(conv.weight, read, Role::Consumer);
    const auto channels = conv.groups * conv.inPerGroup;
    const bool isRead = input != nullptr && read != nullptr;
    if (input == nullptr) tagger.freeze(read, cat(tagger.here(), " reads what must stay"));
    if (read == nullptr && conv.inPerGroup > 1)
        tagger.freeze(input, cat(tagger.here(), " has weights that are worked out on the way"));
    for (std::int64_t i = 0; i < channels && conv.inPerGroup > 1 && isRead; ++i) {
        const auto position = i % conv.inPerGroup;
        const auto index = conv.isTransposed ? i : position;
        tagger.unite((*input)[at(position)], (*input)[at(i)]);
        tagger.attach((*input)[at(i)], (*read)[at(index)]);
    }
    if (conv.inPerGroup == 1) tagger.freeze(input, cat(tagger.here(), " has one in each group"));
    auto produced = std::make_shared<std::vector<Atom>>();
    for (std::int64_t i = 0; i < conv.groups * conv.outPerGroup; ++i) {
        const auto position = i % conv.outPerGroup;
        if (made == nullptr) break;
        const auto index = conv.isTransposed ? position : i;
        if (!conv.isTransposed) tagger.unite((*made)[at(position)], (*made)[at(i)]);
        produced->push_back((*made)[at(index)]);
    }
    if (conv.outPerGroup == 1) {
        tagger.freeze(made, cat(tagger.here(), " has one in each group"));
        return nullptr;
    }
    return made == nullptr ? nullptr : AxisTags(produced);
}

void groupedConvolution(const Call& call, const Convolution& conv, ValueId output) {
    auto& tagger = call.tagger;
    const auto input = tagger.axis(conv.input, conv.channelAxis);
    const auto positions = unitsWhen(call, input, conv.inPerGroup, false);
    const auto groups = unitsWhen(call, input, conv.inPerGroup, true);
    const bool isWhole = input != nullptr && (conv.inPerGroup == 1 || conv.outPerGroup == 1 ||
                                              groups > std::min(positions, conv.outPerGroup));
    const auto produced = isWhole ? wholeGroups(call, conv) : samePositions(call, conv);
    auto tags = aroundChannels(call, conv, output);
    if (conv.bias >= 0) {
        const auto bias = tagger.axis(conv.bias, 0);
        if (produced == nullptr) tagger.freeze(bias, cat(tagger.here(), " must keep them"));
        tagger.attach(produced, bias);
    }
    tags.axes[at(conv.channelAxis)] = produced;
    call.set(output, std::move(tags));
}

void convolution(const Call& call) {
    const auto conv = read(call);
    const auto output = call.outputs().at(0);
    if (conv.input < 0 || conv.weight < 0) return call.freezeAll(cat("of ", call.tagger.here()));
    if (conv.groups == 1) {
        plainConvolution(call, conv, output);
    } else {
        groupedConvolution(call, conv, output);
    }
}

constexpr std::array kRules = {
    NamedRule{"conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution "
              "_convolution _convolution_mode",
              convolution},
};

}  // namespace

std::span<const NamedRule> convolutionRules() {
    return kRules;
}

}  // namespace espalier::channels
