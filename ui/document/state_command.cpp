// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/state_command.h"

#include <utility>

namespace espalier::ui {

StateCommand::StateCommand(Document* document, State before, State after, const QString& text,
                           const QString& mergeKey)
    : QUndoCommand(text),
      m_document(document),
      m_before(std::move(before)),
      m_after(std::move(after)),
      m_mergeKey(mergeKey) {}

void StateCommand::undo() {
    m_document->setState(m_before);
}

void StateCommand::redo() {
    m_document->setState(m_after);
}

int StateCommand::id() const {
    return m_mergeKey.isEmpty() ? -1 : 1;
}

bool StateCommand::mergeWith(const QUndoCommand* other) {
    const auto* next = static_cast<const StateCommand*>(other);
    if (next->m_mergeKey != m_mergeKey) return false;
    m_after = next->m_after;
    setText(next->text());
    setObsolete(m_after.node == m_before.node && *m_after.plan == *m_before.plan);
    return true;
}

}  // namespace espalier::ui
