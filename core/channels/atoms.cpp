// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/channels/atoms.h"

#include <algorithm>
#include <utility>

namespace espalier::channels {

Atom Atoms::add(std::int64_t count) {
    const auto first = static_cast<Atom>(m_parent.size());
    const auto total = m_parent.size() + static_cast<std::size_t>(count);
    m_parent.reserve(std::max(total, m_parent.capacity()));
    for (auto atom = m_parent.size(); atom < total; ++atom) {
        m_parent.push_back(static_cast<Atom>(atom));
    }
    m_size.resize(total, 1);
    m_frozen.resize(total, -1);
    m_inexact.resize(total, -1);
    m_heads.resize(total, 0);
    return first;
}

Atom Atoms::root(Atom atom) const {
    while (m_parent[index(atom)] != atom) {
        m_parent[index(atom)] = m_parent[index(m_parent[index(atom)])];
        atom = m_parent[index(atom)];
    }
    return atom;
}

bool Atoms::unite(Atom a, Atom b) {
    a = root(a);
    b = root(b);
    if (a == b) return false;
    if (m_size[index(a)] < m_size[index(b)]) std::swap(a, b);
    m_parent[index(b)] = a;
    m_size[index(a)] += m_size[index(b)];
    if (m_frozen[index(a)] < 0) m_frozen[index(a)] = m_frozen[index(b)];
    if (m_inexact[index(a)] < 0) m_inexact[index(a)] = m_inexact[index(b)];
    m_heads[index(a)] = std::max(m_heads[index(a)], m_heads[index(b)]);
    return true;
}

void Atoms::freeze(Atom atom, int reason) {
    if (atom == kNoAtom) return;
    auto& frozen = m_frozen[index(root(atom))];
    if (frozen < 0) frozen = reason;
}

void Atoms::markInexact(Atom atom, int reason) {
    if (atom == kNoAtom) return;
    auto& inexact = m_inexact[index(root(atom))];
    if (inexact < 0) inexact = reason;
}

void Atoms::setHeads(Atom atom, std::int64_t heads) {
    if (atom == kNoAtom) return;
    auto& known = m_heads[index(root(atom))];
    known = std::max(known, heads);
}

int Atoms::reason(const std::string& text) {
    const auto [found, isNew] = m_reasons.try_emplace(text, static_cast<int>(m_texts.size()));
    if (isNew) m_texts.push_back(text);
    return found->second;
}

}  // namespace espalier::channels
