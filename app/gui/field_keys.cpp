// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/field_keys.h"

#include <QAbstractSpinBox>
#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>

#include "app/gui/actions.h"

namespace espalier::gui {
namespace {

/// The command that these keys belong to; null: none.
const QAction* ownerOf(const QKeySequence& keys, const Actions& actions) {
    for (const ActionSpec& spec : actionTable()) {
        const QAction* action = actions[spec.id];
        if (action->shortcut() == keys) return action;
    }
    return nullptr;
}

/// Keys that a field has no use of its own for: all others write or move in its text.
bool mayBeCommand(const QKeyEvent& event) {
    const bool isFunction = event.key() >= Qt::Key_F1 && event.key() <= Qt::Key_F35;
    return isFunction ||
           (event.modifiers() & (Qt::ControlModifier | Qt::AltModifier | Qt::MetaModifier));
}

}  // namespace

FieldKeys::FieldKeys(const Actions& actions, QWidget* window)
    : QObject(window), m_actions(actions), m_window(window) {
    qApp->installEventFilter(this);  // before the field is asked
}

bool FieldKeys::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() != QEvent::ShortcutOverride) return false;
    const bool isNumber = qobject_cast<QAbstractSpinBox*>(watched) != nullptr;
    if (!isNumber && !qobject_cast<QLineEdit*>(watched)) return false;
    if (static_cast<QWidget*>(watched)->window() != m_window) return false;
    const auto& pressed = *static_cast<QKeyEvent*>(event);
    if (!mayBeCommand(pressed)) return false;
    const QAction* action = ownerOf(QKeySequence(pressed.keyCombination()), m_actions);
    const bool isOfText = action == m_actions["edit.undo"] || action == m_actions["edit.redo"];
    if (!action || (isOfText && !isNumber)) return false;
    event->ignore();
    return true;  // the shortcut is next
}

}  // namespace espalier::gui
