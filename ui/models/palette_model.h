// SPDX-License-Identifier: GPL-3.0-or-later
// What the command palette offers, the best fit for the typed text first.
#pragma once

#include <optional>
#include <vector>

#include <QAbstractListModel>
#include <QIcon>
#include <QStringList>

namespace espalier::ui {

/// A command, a layer or a group of channels.
struct PaletteEntry {
    QString id;      ///< what is given back when it is chosen
    QString title;   ///< "Export masked model…"
    QString detail;  ///< "File", "conv2d, 64×3×3×3"
    QString keys;    ///< "Ctrl+E", or empty
    QString whyNot;  ///< why it cannot be chosen now, for people
    bool isEnabled = true;
    QIcon icon;
};

class PaletteModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role {
        DetailRole = Qt::UserRole,
        KeysRole,
        MatchRole,  ///< QList<int>: characters of the title that were typed
        IdRole,
        EnabledRole
    };

    /// `recent`: ids of what was chosen before, the last one first; unknown ones are left out.
    PaletteModel(std::vector<PaletteEntry> entries, const QStringList& recent,
                 QObject* parent = nullptr);

    /// Every word of `text` must fit the title, or else the detail or the keys. Without a text the
    /// recent ones come first, then all in their order.
    void setText(const QString& text);
    const PaletteEntry& entry(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    struct Row {
        std::size_t entry = 0;
        int score = 0;
        QList<int> matched;
    };
    std::optional<Row> rowOf(std::size_t entry, const QStringList& words) const;

    std::vector<PaletteEntry> m_entries;  // the recent ones first
    std::size_t m_recent = 0;             // how many
    std::vector<Row> m_rows;
};

}  // namespace espalier::ui
