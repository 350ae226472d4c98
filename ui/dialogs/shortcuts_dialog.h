// SPDX-License-Identifier: GPL-3.0-or-later
// The list of everything the window can do, with its keys; a search box narrows it.
#pragma once

#include <QDialog>
#include <QList>
#include <QString>

class QTreeWidget;

namespace espalier::ui {

/// One line of the list.
struct ShortcutEntry {
    QString group;  ///< "File"
    QString text;   ///< "Open model"
    QString keys;   ///< "Ctrl+O", or empty
    QString tip;
};

class ShortcutsDialog : public QDialog {
    Q_OBJECT
public:
    explicit ShortcutsDialog(const QList<ShortcutEntry>& entries, QWidget* parent = nullptr);

    /// Shows only entries that contain every word of `text` in group, text or keys.
    void setFilter(const QString& text);

private:
    QTreeWidget* m_list;
};

}  // namespace espalier::ui
