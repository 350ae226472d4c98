// SPDX-License-Identifier: GPL-3.0-or-later
// Operators that only move, repeat or regroup the elements of their first argument.
#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <unordered_set>

#include <ATen/Functions.h>

#include "core/base/format.h"
#include "core/channels/rules_torch.h"
#include "core/channels/taken_apart_torch.h"
#include "core/script/steps_torch.h"

namespace espalier::channels {

namespace {

using Shape = std::vector<std::int64_t>;

constexpr std::int64_t kMostElements = 1 << 24;  // of an array of tags that has to be written out

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

std::int64_t product(std::span<const std::int64_t> sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{1}, std::multiplies<>());
}

std::size_t unitsIn(const Call& call, const std::vector<Atom>& tags) {
    std::unordered_set<Atom> roots;
    for (const auto atom : tags) {
        if (atom != kNoAtom) roots.insert(call.tagger.atoms().root(atom));
    }
    return roots.size();
}

/// Puts the tags of one more input axis on the output. Two on one axis cannot both be followed: the
/// longer one goes on, which is the channels of a weight and not its kernel.
void place(const Call& call, Tags& tags, std::int64_t axis, AxisTags made) {
    if (made == nullptr) return;
    auto& there = tags.axes[at(axis)];
    if (there != nullptr && there != made) {
        if (unitsIn(call, *made) <= unitsIn(call, *there)) std::swap(there, made);
        call.tagger.freeze(there, cat(call.tagger.here(), " merges them with other channels"));
    }
    there = std::move(made);
}

/// A run of input axes that becomes a run of output axes with as many elements.
struct Block {
    std::size_t inBegin = 0, inEnd = 0, outBegin = 0, outEnd = 0;
};

/// The smallest such run with `axis` in it.
Block blockOf(const Shape& in, const Shape& out, std::size_t axis) {
    Block block;
    while (block.inBegin < in.size()) {
        block.inEnd = block.inBegin + 1;
        block.outEnd = block.outBegin;
        std::int64_t left = in[block.inBegin];
        std::int64_t right = 1;
        while (left != right) {
            if (left < right && block.inEnd < in.size()) {
                left *= in[block.inEnd++];
            } else if (right < left && block.outEnd < out.size()) {
                right *= out[block.outEnd++];
            } else {
                return {0, in.size(), 0, out.size()};
            }
        }
        if (axis < block.inEnd) return block;
        block.inBegin = block.inEnd;
        block.outBegin = block.outEnd;
    }
    return {0, in.size(), 0, out.size()};
}

/// One axis through a change of shape: its tags written out over its block, read in the new shape.
void reshapeAxis(const Call& call, Tags& tags, ValueId input, std::int64_t axis, ValueId output) {
    const auto& in = call.shape(input);
    const auto& out = call.shape(output);
    const auto own = call.tagger.tags(input).axes[at(axis)];
    const auto block = blockOf(in, out, at(axis));
    const std::span<const std::int64_t> from(in.data() + block.inBegin,
                                             block.inEnd - block.inBegin);
    const std::span<const std::int64_t> to(out.data() + block.outBegin,
                                           block.outEnd - block.outBegin);
    if (product(from) > kMostElements || product(from) != product(to)) {
        return call.tagger.freeze(own, cat(call.tagger.here(), " is too large to follow"));
    }
    const auto inner = product(from.subspan(at(axis) - block.inBegin + 1));
    std::vector<Atom> spread(at(product(from)));
    for (std::size_t i = 0; i < spread.size(); ++i) {
        spread[i] = (*own)[i / at(inner) % own->size()];
    }
    std::vector<bool> isTakenApart;  // [3, heads, width]: queries, keys and values
    if (to.size() > 1) {
        const auto ahead = axesTakenApart(call.tagger.trace(), call.tagger.step(), output);
        isTakenApart.assign(ahead.begin() + static_cast<std::ptrdiff_t>(block.outBegin),
                            ahead.begin() + static_cast<std::ptrdiff_t>(block.outEnd));
    }
    auto [found, made] =
        call.tagger.toOneAxis(std::move(spread), to, Prefer::ManyUnits, isTakenApart);
    if (made != nullptr) place(call, tags, static_cast<std::int64_t>(block.outBegin) + found, made);
}

void reshape(const Call& call) {
    const auto input = call.tensor(0);
    const auto outputs = call.outputs();
    if (input < 0 || outputs.size() != 1) return call.freezeAll(call.tagger.here());
    auto tags = call.plain(outputs[0]);
    const auto own = call.tagger.allAxes(input).axes;
    for (std::size_t axis = 0; axis < own.size(); ++axis) {
        if (own[axis] == nullptr) continue;
        reshapeAxis(call, tags, input, static_cast<std::int64_t>(axis), outputs[0]);
    }
    call.set(outputs[0], std::move(tags));
}

/// A view with another type of element is no change of shape alone.
void view(const Call& call) {
    const auto* schema = call.step.node->maybeSchema();
    if (schema != nullptr && schema->overload_name() == "dtype") {
        return call.freezeAll(cat(call.tagger.here(), " reads them as another type"));
    }
    reshape(call);
}

/// Stretched axes are equal everywhere: they follow what they are stretched like, or anything.
void stretch(const Call& call, ValueId input, ValueId output, ValueId like) {
    const auto own = call.tagger.allAxes(input);
    const std::array<ValueId, 1> operand{input};
    Tags tags;
    inherit(call, operand, tags);
    tags.axes.resize(call.shape(output).size());
    tags.freeAxes.assign(tags.axes.size(), false);
    const auto added = call.rank(output) - call.rank(input);
    for (std::int64_t i = 0; i < call.rank(output); ++i) {
        const bool isStretched = i < added || call.shape(input)[at(i - added)] == 1;
        if (!isStretched) {
            tags.axes[at(i)] = own.axes[at(i - added)];
        } else if (like >= 0) {
            tags.axes[at(i)] = call.tagger.allAxes(like).axes[at(i)];
        } else {
            tags.freeAxes[at(i)] = call.shape(output)[at(i)] > 1;
        }
    }
    call.set(output, std::move(tags));
}

void expand(const Call& call) {
    const auto like = call.name == "expand_as" ? call.tensor(1) : -1;
    for (const auto output : call.outputs()) stretch(call, call.tensor(0), output, like);
}

/// Each of a list is stretched to what they broadcast to together.
void expandAll(const Call& call) {
    const auto inputs = call.tensors();
    const auto outputs = call.outputs();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (outputs[i] != inputs.at(i)) stretch(call, inputs.at(i), outputs[i], -1);
    }
}

void repeat(const Call& call) {
    const auto input = call.tensor(0);
    const auto own = call.tagger.allAxes(input);
    for (const auto output : call.outputs()) {
        auto tags = call.plain(output);
        const auto added = call.rank(output) - call.rank(input);
        tags.freeAxes.assign(tags.axes.size(), false);
        for (std::int64_t i = 0; i < call.rank(output); ++i) {
            const bool isOne = i < added || call.shape(input)[at(i - added)] == 1;
            const bool wasFree = i >= added && own.isFree(i - added);
            tags.freeAxes[at(i)] = call.shape(output)[at(i)] > 1 && (isOne || wasFree);
        }
        for (std::size_t i = 0; i < own.axes.size() && added >= 0; ++i) {
            if (own.axes[i] == nullptr) continue;
            const auto size = call.shape(output)[i + at(added)];
            auto made = std::make_shared<std::vector<Atom>>(at(size));
            for (std::size_t k = 0; k < made->size(); ++k) {
                (*made)[k] = (*own.axes[i])[k % own.axes[i]->size()];
            }
            tags.axes[i + at(added)] = std::move(made);
        }
        call.set(output, std::move(tags));
    }
}

/// The array of tags of one axis, stretched over the whole input without copying.
at::Tensor stretched(const Call& call, ValueId input, std::size_t axis) {
    const auto& shape = call.shape(input);
    const auto& own = *call.tagger.tags(input).axes[axis];
    Shape narrow(shape.size(), 1);
    narrow[axis] = shape[axis];
    // As numbers that every operator takes; 0, which padding brings in, must stay.
    const auto tags = at::empty(narrow, at::kDouble);
    std::transform(own.begin(), own.end(), tags.data_ptr<double>(),
                   [](Atom atom) { return static_cast<double>(atom) + 1; });
    return tags.expand(shape);
}

/// Runs the operator itself on `tags` in place of its first argument.
std::optional<at::Tensor> runOn(const Call& call, const at::Tensor& tags) {
    torch::jit::Stack stack;
    for (std::size_t i = 0; i < call.step.inputs.size(); ++i) {
        const auto& value = call.tagger.value(call.step.inputs[i]);
        if (i > 0 && value.isTensor && !value.value.isTensor()) return std::nullopt;
        stack.push_back(i == 0 ? c10::IValue(tags) : value.value);
    }
    script::functionOf(const_cast<torch::jit::Node*>(call.step.node))(stack);
    if (stack.size() != 1 || !stack[0].isTensor()) return std::nullopt;
    return stack[0].toTensor();
}

/// Drops what does not vary (stretched axes), so that little has to be looked at.
void placeMoved(const Call& call, Tags& tags, const at::Tensor& moved) {
    at::Tensor small = moved;
    for (std::int64_t axis = 0; axis < small.dim(); ++axis) {
        if (small.size(axis) > 1 && small.stride(axis) == 0) small = small.narrow(axis, 0, 1);
    }
    if (small.numel() > kMostElements || small.numel() == 0) {
        return call.freezeAll(cat(call.tagger.here(), " is too large to follow"));
    }
    small = small.sub(1).to(at::kInt).contiguous();
    const auto* first = small.data_ptr<Atom>();
    auto [axis, made] =
        call.tagger.toOneAxis({first, first + small.numel()}, small.sizes(), Prefer::OwnPositions);
    if (made != nullptr) place(call, tags, axis, std::move(made));
}

/// Any re-indexing: the operator moves the tags itself.
void moved(const Call& call) {
    const auto input = call.tensor(0);
    const auto outputs = call.outputs();
    if (input < 0 || outputs.size() != 1) {
        return call.freezeAll(cat(call.tagger.here(), " is more than one tensor"));
    }
    auto tags = call.plain(outputs[0]);
    const auto own = call.tagger.allAxes(input).axes;
    for (std::size_t axis = 0; axis < own.size(); ++axis) {
        if (own[axis] == nullptr) continue;
        const auto result = runOn(call, stretched(call, input, axis));
        if (!result || !result->sizes().equals(call.shape(outputs[0]))) {
            return call.freezeAll(cat(call.tagger.here(), " moves them by numbers of the input"));
        }
        placeMoved(call, tags, *result);
    }
    call.set(outputs[0], std::move(tags));
}

/// Rows of [groups, width] become columns: what is left must be whole rows or whole columns, as the
/// operator counts them anew.
void channelShuffle(const Call& call) {
    const auto input = call.tensor(0);
    const auto own = call.tagger.axis(input, 1);
    const auto groups = call.integer("groups", 1);
    if (own != nullptr) {
        const std::array<std::int64_t, 2> grid{groups, call.shape(input)[1] / groups};
        call.tagger.toOneAxis(*own, grid);
    }
    moved(call);
}

constexpr std::array kRules = {
    NamedRule{"reshape flatten unflatten reshape_as view_as _unsafe_view ravel squeeze unsqueeze "
              "_reshape_alias atleast_1d atleast_2d atleast_3d view_copy squeeze_copy "
              "unsqueeze_copy",
              reshape},
    NamedRule{"view", view},
    NamedRule{"expand expand_as broadcast_to expand_copy", expand},
    NamedRule{"broadcast_tensors", expandAll},
    NamedRule{"repeat tile", repeat},
    NamedRule{
        "permute transpose t numpy_T mT matrix_H T H mH swapaxes swapdims movedim moveaxis "
        "pixel_shuffle pixel_unshuffle adjoint permute_copy transpose_copy t_copy rot90 fliplr "
        "flipud",
        moved},
    NamedRule{"channel_shuffle native_channel_shuffle", channelShuffle},
};

}  // namespace

std::span<const NamedRule> reindexRules() {
    return kRules;
}

}  // namespace espalier::channels
