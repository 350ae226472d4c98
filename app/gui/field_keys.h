// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of the window's commands while a field has the keyboard.
#pragma once

#include <QObject>

class QWidget;

namespace espalier::gui {

class Actions;

/// A field takes keys such as Ctrl+Z and Ctrl+K for itself. Here they are the window's: undo takes
/// back what a number did. In a text field undo and redo stay those of the text.
class FieldKeys : public QObject {
    Q_OBJECT
public:
    FieldKeys(const Actions& actions, QWidget* window);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    const Actions& m_actions;
    QWidget* m_window;
};

}  // namespace espalier::gui
