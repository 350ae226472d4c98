// SPDX-License-Identifier: GPL-3.0-or-later
// The command palette: type a few letters, choose with the arrows, Enter.
#pragma once

#include <vector>

#include <QDialog>

#include "ui/models/palette_model.h"

class QLineEdit;
class QListView;

namespace espalier::ui {

class InlineMessage;

class CommandPalette : public QDialog {
    Q_OBJECT
public:
    /// Stands at the top of `parent`.
    CommandPalette(std::vector<PaletteEntry> entries, const QStringList& recent, QWidget* parent);

    /// The id of what was chosen; empty: nothing.
    const QString& chosen() const { return m_chosen; }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void setText(const QString& text);
    void choose(const QModelIndex& index);
    void showNote();
    void place(const QWidget& parent);

    PaletteModel* m_model;
    QLineEdit* m_field;
    QListView* m_list;
    InlineMessage* m_note;
    QString m_chosen;
};

}  // namespace espalier::ui
