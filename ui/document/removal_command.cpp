// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/removal_command.h"

namespace espalier::ui {

RemovalCommand::RemovalCommand(Document* document, project::NodeId node)
    : QUndoCommand(Document::tr("delete %1")
                       .arg(QString::fromStdString(document->history().node(node).name))),
      m_document(document),
      m_node(node) {}

void RemovalCommand::undo() {
    m_document->setRemoved(m_removed, false);
}

void RemovalCommand::redo() {
    const project::History& history = m_document->history();
    if (!history.checkRemoval(m_node, m_document->state().node)) {
        setObsolete(true);
        return;
    }
    m_removed = history.subtree(m_node);
    m_document->setRemoved(m_removed, true);
}

}  // namespace espalier::ui
