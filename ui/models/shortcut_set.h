// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of all actions while they are edited: one action for each key, and what is reserved.
#pragma once

#include <optional>
#include <vector>

#include <QKeySequence>
#include <QString>

namespace espalier::ui {

struct ShortcutRow {
    QString id;
    QString menu;  ///< "View ▸ Theme"
    QString text;  ///< "Open model…"
    QString tip;
    QKeySequence keys;      ///< empty: none
    QKeySequence standard;  ///< what the program comes with

    bool operator==(const ShortcutRow&) const = default;
};

/// Keys that no action can have.
struct ReservedKeys {
    QKeySequence keys;
    QString owner;  ///< "Layers: Copy names"
};

class ShortcutSet {
public:
    ShortcutSet(std::vector<ShortcutRow> rows, std::vector<ReservedKeys> reserved);

    const std::vector<ShortcutRow>& rows() const { return m_rows; }
    /// Why these keys can be no action's, for people; empty when they can.
    QString problem(const QKeySequence& keys) const;
    /// Another action than `row` that has these keys.
    std::optional<std::size_t> owner(const QKeySequence& keys, std::size_t row) const;
    /// Whoever had the keys has none from then on. Empty keys: none.
    void assign(std::size_t row, const QKeySequence& keys);
    /// The standard keys again, taken from whoever has them.
    void reset(std::size_t row) { assign(row, m_rows[row].standard); }
    void resetAll();
    bool isChanged(std::size_t row) const { return m_rows[row].keys != m_rows[row].standard; }
    bool isAnyChanged() const;

private:
    std::vector<ShortcutRow> m_rows;
    std::vector<ReservedKeys> m_reserved;
};

}  // namespace espalier::ui
