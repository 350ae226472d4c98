// SPDX-License-Identifier: GPL-3.0-or-later
// The undo step that takes a node and all that came from it out of the history.
#pragma once

#include <vector>

#include <QUndoCommand>

#include "ui/document/document.h"

namespace espalier::ui {

class RemovalCommand : public QUndoCommand {
public:
    RemovalCommand(Document* document, project::NodeId node);

    void undo() override;
    /// Vanishes from the stack when something of it has to stay by now.
    void redo() override;

private:
    Document* m_document;
    project::NodeId m_node;
    std::vector<project::NodeId> m_removed;
};

}  // namespace espalier::ui
