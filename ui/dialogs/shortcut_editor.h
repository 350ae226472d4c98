// SPDX-License-Identifier: GPL-3.0-or-later
// Lets the user choose the keys of every action.
#pragma once

#include <QDialog>

#include "ui/models/shortcut_set.h"

class QLineEdit;
class QPushButton;
class QTreeWidget;
class QTreeWidgetItem;

namespace espalier::ui {

class InlineMessage;
class KeysField;

class ShortcutEditor : public QDialog {
    Q_OBJECT
public:
    explicit ShortcutEditor(ShortcutSet shortcuts, QWidget* parent = nullptr);

    /// As edited; to be taken when the dialog was accepted.
    const ShortcutSet& shortcuts() const { return m_shortcuts; }
    /// Makes the action the one whose keys are edited.
    void select(const QString& id);

private:
    void buildList();
    QWidget* makeFields();
    void setFilter(const QString& text);
    std::optional<std::size_t> currentRow() const;
    void showCurrent();
    void offer(const QKeySequence& keys);
    void assign(const QKeySequence& keys);
    void refresh();

    ShortcutSet m_shortcuts;
    std::vector<QTreeWidgetItem*> m_items;  // by row
    QKeySequence m_offered;                 // another action has them: waits for "Reassign"
    QTreeWidget* m_list;
    KeysField* m_keys;
    QPushButton* m_reassign;
    QPushButton* m_clear;
    QPushButton* m_reset;
    QPushButton* m_resetAll;
    InlineMessage* m_message;
};

}  // namespace espalier::ui
