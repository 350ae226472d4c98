// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/palette_model.h"

#include <algorithm>

#include "ui/models/fuzzy_match.h"

namespace espalier::ui {

namespace {

constexpr int kRecentBonus = 12;
constexpr int kDisabledPenalty = 30;
constexpr int kElsewherePenalty = 40;  // a word that fits the detail or the keys alone

/// What the user chose last to the front, in that order; the others as they are.
std::size_t putFirst(std::vector<PaletteEntry>& entries, const QStringList& recent) {
    const auto rank = [&recent](const PaletteEntry& entry) {
        const auto at = recent.indexOf(entry.id);
        return at < 0 ? recent.size() : at;
    };
    std::ranges::stable_sort(entries, {}, rank);
    return static_cast<std::size_t>(std::ranges::count_if(
        entries, [&recent](const PaletteEntry& entry) { return recent.contains(entry.id); }));
}

}  // namespace

PaletteModel::PaletteModel(std::vector<PaletteEntry> entries, const QStringList& recent,
                           QObject* parent)
    : QAbstractListModel(parent), m_entries(std::move(entries)) {
    m_recent = putFirst(m_entries, recent);
    setText({});
}

std::optional<PaletteModel::Row> PaletteModel::rowOf(std::size_t entry,
                                                     const QStringList& words) const {
    const PaletteEntry& known = m_entries[entry];
    Row row{entry, 0, {}};
    for (const QString& word : words) {
        if (const auto match = fuzzyMatch(word, known.title)) {
            row.score += match->score;
            row.matched += QList<int>(match->positions.begin(), match->positions.end());
        } else if (known.detail.contains(word, Qt::CaseInsensitive) ||
                   known.keys.contains(word, Qt::CaseInsensitive)) {
            row.score -= kElsewherePenalty;
        } else {
            return {};
        }
    }
    if (!words.isEmpty() && entry < m_recent) row.score += kRecentBonus;
    if (!words.isEmpty() && !known.isEnabled) row.score -= kDisabledPenalty;
    return row;
}

void PaletteModel::setText(const QString& text) {
    const QStringList words = text.split(u' ', Qt::SkipEmptyParts);
    beginResetModel();
    m_rows.clear();
    for (std::size_t entry = 0; entry < m_entries.size(); ++entry) {
        if (auto row = rowOf(entry, words)) m_rows.push_back(std::move(*row));
    }
    std::ranges::stable_sort(m_rows, std::ranges::greater(), &Row::score);
    endResetModel();
}

const PaletteEntry& PaletteModel::entry(int row) const {
    return m_entries[m_rows.at(static_cast<std::size_t>(row)).entry];
}

int PaletteModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

QVariant PaletteModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const PaletteEntry& known = entry(index.row());
    switch (role) {
        case Qt::DisplayRole:
            return known.title;
        case Qt::DecorationRole:
            return known.icon;
        case DetailRole:
            return known.isEnabled || known.whyNot.isEmpty() ? known.detail : known.whyNot;
        case KeysRole:
            return known.keys;
        case MatchRole:
            return QVariant::fromValue(m_rows[static_cast<std::size_t>(index.row())].matched);
        case IdRole:
            return known.id;
        case EnabledRole:
            return known.isEnabled;
        case Qt::ToolTipRole:
        case Qt::AccessibleDescriptionRole: {
            QStringList parts{known.detail, known.keys, known.whyNot};
            parts.removeAll(QString());
            return parts.join(QStringLiteral("; "));
        }
        default:
            return {};
    }
}

}  // namespace espalier::ui
