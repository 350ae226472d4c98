// SPDX-License-Identifier: GPL-3.0-or-later
// Integers that cannot be mistaken for one another.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace espalier {

/// An index with a type of its own: `LayerId` is no `NodeId`. Default-made ids are invalid.
template <class Tag>
struct StrongId {
    int value = -1;

    bool isValid() const { return value >= 0; }
    std::size_t index() const { return static_cast<std::size_t>(value); }
    auto operator<=>(const StrongId&) const = default;
};

}  // namespace espalier

template <class Tag>
struct std::hash<espalier::StrongId<Tag>> {
    std::size_t operator()(espalier::StrongId<Tag> id) const noexcept {
        return std::hash<int>{}(id.value);
    }
};
