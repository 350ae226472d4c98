// SPDX-License-Identifier: GPL-3.0-or-later
// Atoms and their classes: a union-find in which a class knows why it is frozen or inexact.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace espalier::channels {

/// One position of one axis of one parameter (or of a tensor of equal numbers that was made on the
/// way).
using Atom = std::int32_t;
constexpr Atom kNoAtom = -1;

/// Atoms that can only go together form a class, named by one of them (its root). Not thread-safe.
class Atoms {
public:
    /// `count` new atoms, each a class of its own; returns the first.
    Atom add(std::int64_t count);
    std::int64_t size() const { return static_cast<std::int64_t>(m_parent.size()); }

    Atom root(Atom atom) const;
    /// Returns true when two classes became one.
    bool unite(Atom a, Atom b);

    /// Nothing of the class may go. The first reason stays. kNoAtom is passed over.
    void freeze(Atom atom, int reason);
    /// The class may go, but the cut model then computes something else than the masked one.
    void markInexact(Atom atom, int reason);
    void setHeads(Atom atom, std::int64_t heads);

    bool isFrozen(Atom atom) const { return frozenBy(atom) >= 0; }
    int frozenBy(Atom atom) const { return m_frozen[index(root(atom))]; }    ///< reason, or -1
    int inexactBy(Atom atom) const { return m_inexact[index(root(atom))]; }  ///< reason, or -1
    std::int64_t heads(Atom atom) const { return m_heads[index(root(atom))]; }

    /// Number of a text; equal texts have equal numbers.
    int reason(const std::string& text);
    const std::string& text(int reason) const { return m_texts[static_cast<std::size_t>(reason)]; }

private:
    static std::size_t index(Atom atom) { return static_cast<std::size_t>(atom); }

    mutable std::vector<Atom> m_parent;
    std::vector<std::int32_t> m_size;
    std::vector<int> m_frozen;
    std::vector<int> m_inexact;
    std::vector<std::int64_t> m_heads;
    std::vector<std::string> m_texts;
    std::unordered_map<std::string, int> m_reasons;
};

}  // namespace espalier::channels
