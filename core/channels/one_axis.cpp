// SPDX-License-Identifier: GPL-3.0-or-later
// Channels that an operator spread over several axes are brought back to one.
#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "core/channels/tagger_torch.h"

namespace espalier::channels {

namespace {

using Places = std::vector<int>;  // per position a number of its class; 0: it must stay

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

/// A row-major array seen along one of its axes.
struct AlongAxis {
    std::int64_t size = 1;
    std::int64_t stride = 1;

    std::int64_t indexOf(std::size_t place) const {
        return static_cast<std::int64_t>(place) / stride % size;
    }
};

AlongAxis alongAxis(std::span<const std::int64_t> shape, std::size_t axis) {
    AlongAxis along{shape[axis], 1};
    for (auto i = axis + 1; i < shape.size(); ++i) along.stride *= shape[i];
    return along;
}

bool varies(const Places& places, AlongAxis along) {
    for (std::size_t i = 0; i < places.size(); ++i) {
        const auto first = i - at(along.indexOf(i) * along.stride);
        if (places[i] != places[first]) return true;
    }
    return false;
}

/// How many classes that may go are left when all that share an index along the axis become one.
std::int64_t unitsLeft(const Places& places, AlongAxis along, int classes) {
    std::vector<int> parent(at(classes) + 1);
    std::iota(parent.begin(), parent.end(), 0);
    const auto root = [&parent](int i) {
        while (parent[at(i)] != i) i = parent[at(i)] = parent[at(parent[at(i)])];
        return i;
    };
    std::vector<int> first(at(along.size), -1);
    for (std::size_t i = 0; i < places.size(); ++i) {
        auto& known = first[at(along.indexOf(i))];
        if (known < 0) {
            known = places[i];
        } else {
            const int a = root(known);
            const int b = root(places[i]);
            parent[at(std::max(a, b))] = std::min(a, b);
        }
    }
    std::int64_t units = 0;
    for (int i = 1; i <= classes; ++i) units += root(i) == i ? 1 : 0;
    return units;
}

/// An axis along which the channels are not all alike.
struct Candidate {
    std::int64_t axis = 0;
    std::pair<bool, std::int64_t> worth;  ///< positions are units, how many units
};

/// Heads and width come last, in this order.
Candidate choose(const std::vector<Candidate>& candidates, HeadUnit unit) {
    switch (unit) {
        case HeadUnit::Positions:
            return candidates.back();
        case HeadUnit::Heads:
            return candidates[candidates.size() < 2 ? 0 : candidates.size() - 2];
        case HeadUnit::Most:
            break;
    }
    return *std::ranges::max_element(candidates.rbegin(), candidates.rend(), {}, &Candidate::worth);
}

}  // namespace

std::pair<std::int64_t, AxisTags> Tagger::toOneAxis(std::vector<Atom> spread,
                                                    std::span<const std::int64_t> shape,
                                                    Prefer preference,
                                                    const std::vector<bool>& isTakenApart) {
    std::unordered_map<Atom, int> numbers;
    Places places(spread.size(), 0);
    for (std::size_t i = 0; i < spread.size(); ++i) {
        if (spread[i] == kNoAtom) continue;
        const auto next = static_cast<int>(numbers.size()) + 1;
        places[i] = numbers.try_emplace(atoms().root(spread[i]), next).first->second;
    }
    const auto classes = static_cast<int>(numbers.size());
    std::vector<Candidate> candidates;
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
        const auto along = alongAxis(shape, axis);
        if (along.size <= 1 || !varies(places, along)) continue;
        const auto units = unitsLeft(places, along, classes);
        const bool isOwn = preference == Prefer::OwnPositions && units == along.size;
        candidates.push_back({static_cast<std::int64_t>(axis), {isOwn, units}});
    }
    if (candidates.empty()) {
        const auto one = atoms().reason("all of them could only go together");
        for (const auto atom : spread) atoms().freeze(atom, one);
        return {-1, nullptr};
    }
    const auto isPart = [&isTakenApart](const Candidate& candidate) {
        return !isTakenApart.empty() && isTakenApart[at(candidate.axis)];
    };
    if (!std::ranges::all_of(candidates, isPart)) std::erase_if(candidates, isPart);
    m_table.hadChoice |= candidates.size() > 1 && preference == Prefer::ManyUnits;
    const auto chosen =
        choose(candidates, preference == Prefer::OwnPositions ? HeadUnit::Most : m_unit).axis;
    return {chosen, uniteAcross(spread, shape, chosen)};
}

/// All that share an index along `axis` become one; returns what is at each.
AxisTags Tagger::uniteAcross(const std::vector<Atom>& spread, std::span<const std::int64_t> shape,
                             std::int64_t axis) {
    const auto along = alongAxis(shape, at(axis));
    std::vector<Atom> tags(at(along.size), kNoAtom);
    std::vector<bool> isSeen(at(along.size), false);
    for (std::size_t i = 0; i < spread.size(); ++i) {
        const auto index = at(along.indexOf(i));
        if (isSeen[index]) {
            unite(tags[index], spread[i]);
        } else {
            tags[index] = spread[i];
            isSeen[index] = true;
        }
    }
    return std::make_shared<const std::vector<Atom>>(std::move(tags));
}

}  // namespace espalier::channels
