// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/shortcut_set.h"

#include <algorithm>

#include <QCoreApplication>

namespace espalier::ui {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("ShortcutSet", text);
}

/// Keys that type, move or leave a field would be lost to it.
bool isNeededForTyping(const QKeySequence& keys) {
    const QKeyCombination pressed = keys[0];
    const bool isFunctionKey = pressed.key() >= Qt::Key_F1 && pressed.key() <= Qt::Key_F35;
    constexpr auto kCommand = Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier;
    return !isFunctionKey && !(pressed.keyboardModifiers() & kCommand);
}

}  // namespace

ShortcutSet::ShortcutSet(std::vector<ShortcutRow> rows, std::vector<ReservedKeys> reserved)
    : m_rows(std::move(rows)), m_reserved(std::move(reserved)) {}

QString ShortcutSet::problem(const QKeySequence& keys) const {
    if (keys.isEmpty()) return {};
    const QString text = keys.toString(QKeySequence::NativeText);
    const auto taken = std::ranges::find(m_reserved, keys, &ReservedKeys::keys);
    if (taken != m_reserved.end())
        return tr("%1 is taken by %2, which keeps it").arg(text, taken->owner);
    if (isNeededForTyping(keys))
        return tr("%1 is needed for typing and moving: add Ctrl or Alt, or take a function key")
            .arg(text);
    return {};
}

std::optional<std::size_t> ShortcutSet::owner(const QKeySequence& keys, std::size_t row) const {
    if (keys.isEmpty()) return {};
    for (std::size_t other = 0; other < m_rows.size(); ++other) {
        if (other != row && m_rows[other].keys == keys) return other;
    }
    return {};
}

void ShortcutSet::assign(std::size_t row, const QKeySequence& keys) {
    if (const auto before = owner(keys, row)) m_rows[*before].keys = {};
    m_rows[row].keys = keys;
}

void ShortcutSet::resetAll() {
    for (ShortcutRow& row : m_rows) row.keys = row.standard;
}

bool ShortcutSet::isAnyChanged() const {
    return std::ranges::any_of(m_rows,
                               [](const ShortcutRow& row) { return row.keys != row.standard; });
}

}  // namespace espalier::ui
