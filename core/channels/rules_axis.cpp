// SPDX-License-Identifier: GPL-3.0-or-later
// Operators that take apart, put together or shift positions along one axis.
#include <algorithm>
#include <array>

#include <ATen/Functions.h>

#include "core/base/format.h"
#include "core/channels/rules_torch.h"

namespace espalier::channels {

namespace {

using Positions = std::vector<std::int64_t>;  // on the input's axis; -1: a new one that must stay

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

AxisTags picked(const AxisTags& tags, const Positions& positions) {
    if (tags == nullptr) return nullptr;
    auto made = std::make_shared<std::vector<Atom>>();
    made->reserve(positions.size());
    for (const auto position : positions) {
        const bool isInside = position >= 0 && position < static_cast<std::int64_t>(tags->size());
        made->push_back(isInside ? (*tags)[at(position)] : kNoAtom);
    }
    return made;
}

Positions range(std::int64_t begin, std::int64_t end, std::int64_t step = 1) {
    Positions positions;
    for (auto i = begin; i < end; i += step) positions.push_back(i);
    return positions;
}

/// The input's tags with the positions of one axis picked; the axis stays.
void setPicked(const Call& call, ValueId input, ValueId output, std::int64_t axis,
               const Positions& positions) {
    auto tags = call.tagger.allAxes(input);
    tags.isLazy = false;
    tags.axes[at(axis)] = picked(tags.axes[at(axis)], positions);
    call.set(output, std::move(tags));
}

void slice(const Call& call) {
    const auto input = call.tensor(0);
    const auto output = call.outputs().at(0);
    const auto axis = call.wrap(call.integer("dim", 0), call.rank(input));
    const auto size = call.shape(input)[at(axis)];
    auto begin = call.integer("start", 0);
    if (begin < 0) begin = std::max<std::int64_t>(0, begin + size);
    const auto step = call.integer("step", 1);
    const auto count = call.shape(output)[at(axis)];
    setPicked(call, input, output, axis, range(begin, begin + count * step, step));
}

/// Takes one position out: it must stay, and the axis is gone.
void dropPosition(const Call& call, ValueId input, ValueId output, std::int64_t axis,
                  std::int64_t position) {
    auto tags = call.tagger.allAxes(input);
    tags.isLazy = false;
    if (const auto own = tags.axes[at(axis)]) {
        call.tagger.freeze(picked(own, {position}),
                           cat(call.tagger.here(), " takes out one of them"));
    }
    tags.axes.erase(tags.axes.begin() + axis);
    call.set(output, std::move(tags));
}

void select(const Call& call) {
    const auto input = call.tensor(0);
    const auto axis = call.wrap(call.integer("dim", 0), call.rank(input));
    const auto size = call.shape(input)[at(axis)];
    dropPosition(call, input, call.outputs().at(0), axis,
                 call.wrap(call.integer("index", 0), size));
}

void unbind(const Call& call) {
    const auto input = call.tensor(0);
    const auto axis = call.wrap(call.integer("dim", 0), call.rank(input));
    std::int64_t position = 0;
    for (const auto output : call.outputs()) dropPosition(call, input, output, axis, position++);
}

/// The axis that hstack, hsplit and their kin name by a letter: columns, rows or depth.
std::int64_t namedAxis(const Call& call, std::int64_t rank) {
    switch (call.name.front()) {
        case 'd':
            return 2;
        case 'v':
        case 'r':
            return 0;
        default:
            return rank > 1 ? 1 : 0;
    }
}

/// chunk, split and their kin: pieces of one axis, one after the other.
void splitAlong(const Call& call, std::int64_t axis) {
    const auto input = call.tensor(0);
    std::int64_t begin = 0;
    for (const auto output : call.outputs()) {
        const auto end = begin + call.shape(output)[at(axis)];
        setPicked(call, input, output, axis, range(begin, end));
        begin = end;
    }
}

void split(const Call& call) {
    splitAlong(call, call.wrap(call.integer("dim", 0), call.rank(call.tensor(0))));
}

void splitByName(const Call& call) {
    splitAlong(call, namedAxis(call, call.rank(call.tensor(0))));
}

void concatenateAlong(const Call& call, std::int64_t axis) {
    const auto output = call.outputs().at(0);
    auto inputs = call.tensors();
    std::erase_if(inputs,
                  [&call, output](ValueId id) { return call.rank(id) != call.rank(output); });
    auto tags = broadcastTags(call, inputs, call.shape(output));
    bool isTracked = false;
    for (const auto id : inputs) {
        isTracked |= tags.isParametric || call.tagger.tags(id).isTracked(axis);
    }
    // A parameter among them joins only when there is something to join.
    auto joined = std::make_shared<std::vector<Atom>>();
    for (const auto id : inputs) {
        const auto own = call.tagger.axis(id, axis);
        const auto size = at(call.shape(id)[at(axis)]);
        if (own == nullptr) joined->resize(joined->size() + size, kNoAtom);
        if (own != nullptr) joined->insert(joined->end(), own->begin(), own->end());
        isTracked |= own != nullptr;
    }
    tags.axes[at(axis)] = isTracked && joined->size() == at(call.shape(output)[at(axis)])
                              ? AxisTags(std::move(joined))
                              : nullptr;
    call.set(output, std::move(tags));
}

void concatenate(const Call& call) {
    concatenateAlong(call, call.wrap(call.integer("dim", 0), call.rank(call.outputs().at(0))));
}

/// Those of too few axes would get more first: they are not followed.
void stackByName(const Call& call) {
    const auto rank = call.rank(call.outputs().at(0));
    for (const auto id : call.tensors()) {
        if (call.rank(id) != rank) return call.freezeAll(cat(call.tagger.here(), " adds an axis"));
    }
    concatenateAlong(call, namedAxis(call, rank));
}

/// A new axis, along which nothing can go; the others are those of all tensors together.
void stack(const Call& call) {
    const auto output = call.outputs().at(0);
    const auto inputs = call.tensors();
    const auto axis = call.wrap(call.integer("dim", 0), call.rank(output));
    auto shape = call.shape(output);
    shape.erase(shape.begin() + axis);
    auto tags = broadcastTags(call, inputs, shape);
    tags.axes.insert(tags.axes.begin() + axis, nullptr);
    call.set(output, std::move(tags));
}

void flip(const Call& call) {
    const auto input = call.tensor(0);
    auto tags = call.tagger.allAxes(input);
    tags.isLazy = false;
    for (const auto dim : call.integers("dims")) {
        auto& own = tags.axes[at(call.wrap(dim, call.rank(input)))];
        if (own != nullptr) own = std::make_shared<std::vector<Atom>>(own->rbegin(), own->rend());
    }
    call.set(call.outputs().at(0), std::move(tags));
}

void roll(const Call& call) {
    const auto input = call.tensor(0);
    auto tags = call.tagger.allAxes(input);
    tags.isLazy = false;
    const auto shifts = call.integers("shifts");
    const auto dims = call.integers("dims");
    if (dims.size() != shifts.size()) {
        return call.freezeAll(cat(call.tagger.here(), " mixes all axes"));
    }
    for (std::size_t i = 0; i < dims.size(); ++i) {
        const auto axis = at(call.wrap(dims[i], call.rank(input)));
        const auto size = call.shape(input)[axis];
        Positions positions;
        for (std::int64_t k = 0; k < size; ++k) {
            positions.push_back(((k - shifts[i]) % size + size) % size);
        }
        // A shift by channels would be another one once some are gone.
        if (tags.axes[axis] != nullptr) {
            call.tagger.freeze(tags.axes[axis], cat(call.tagger.here(), " shifts them"));
        }
        tags.axes[axis] = picked(tags.axes[axis], positions);
    }
    call.set(call.outputs().at(0), std::move(tags));
}

/// Pads the last axes. Channels that are added, all of one number, go with those that they meet.
void pad(const Call& call) {
    const auto input = call.tensor(0);
    const auto output = call.outputs().at(0);
    auto amounts = call.integers("pad");
    if (amounts.empty()) amounts = call.integers("padding");
    auto tags = call.tagger.allAxes(input);
    tags.isLazy = false;
    for (std::size_t i = 0; i + 1 < amounts.size(); i += 2) {
        const auto axis = call.rank(input) - 1 - static_cast<std::int64_t>(i / 2);
        if (axis < 0 || tags.axes[at(axis)] == nullptr) continue;
        if (amounts[i] == 0 && amounts[i + 1] == 0) continue;
        const bool isPlain =
            call.name == "constant_pad_nd" ||
            (call.given("mode").isString() && call.given("mode").toStringRef() == "constant");
        if (!isPlain)
            call.tagger.freeze(tags.axes[at(axis)], cat(call.tagger.here(), " mirrors them"));
        const auto size = call.shape(input)[at(axis)];
        auto padded = *picked(tags.axes[at(axis)], range(-amounts[i], size + amounts[i + 1]));
        if (isPlain) {
            for (auto position = -amounts[i]; auto& atom : padded) {
                const bool isAdded = position < 0 || position >= size;
                if (isAdded) atom = call.tagger.atoms().add(1);
                ++position;
            }
        }
        tags.axes[at(axis)] = std::make_shared<const std::vector<Atom>>(std::move(padded));
    }
    call.set(output, std::move(tags));
}

void repeatInterleave(const Call& call) {
    const auto input = call.tensor(0);
    const auto output = call.outputs().at(0);
    const auto repeats = call.integer("repeats", -1);
    const bool hasAxis = call.given("dim").isInt();
    if (repeats < 1 || !hasAxis) return call.freezeAll(cat(call.tagger.here(), " repeats them"));
    const auto axis = call.wrap(call.integer("dim", 0), call.rank(input));
    Positions positions;
    for (std::int64_t i = 0; i < call.shape(output)[at(axis)]; ++i) {
        positions.push_back(i / repeats);
    }
    setPicked(call, input, output, axis, positions);
    if (call.shape(input)[at(axis)] > 1) return;
    auto tags = call.tagger.tags(output);
    tags.freeAxes.resize(tags.axes.size());
    tags.freeAxes[at(axis)] = repeats > 1;
    call.set(output, std::move(tags));
}

constexpr std::array kRules = {
    NamedRule{"slice narrow slice_copy narrow_copy", slice},
    NamedRule{"hsplit vsplit dsplit", splitByName},
    NamedRule{"hstack vstack dstack row_stack column_stack", stackByName},
    NamedRule{"select select_copy", select},
    NamedRule{"unbind unbind_copy", unbind},
    NamedRule{"chunk split split_with_sizes unsafe_chunk unsafe_split unsafe_split_with_sizes "
              "tensor_split split_copy",
              split},
    NamedRule{"cat concat concatenate _cat", concatenate},
    NamedRule{"stack _stack", stack},
    NamedRule{"flip", flip},
    NamedRule{"roll", roll},
    NamedRule{"pad constant_pad_nd reflection_pad1d reflection_pad2d reflection_pad3d "
              "replication_pad1d replication_pad2d replication_pad3d",
              pad},
    NamedRule{"repeat_interleave", repeatInterleave},
};

}  // namespace

std::span<const NamedRule> axisRules() {
    return kRules;
}

}  // namespace espalier::channels
