// SPDX-License-Identifier: GPL-3.0-or-later
// The one kind of undo step: it swaps the Document's State.
#pragma once

#include <QUndoCommand>

#include "ui/document/document.h"

namespace espalier::ui {

class StateCommand : public QUndoCommand {
public:
    StateCommand(Document* document, State before, State after, const QString& text,
                 const QString& mergeKey);

    void undo() override;
    void redo() override;
    int id() const override;
    /// Takes in a following step with the same key; a pair that leads back to the start vanishes.
    bool mergeWith(const QUndoCommand* other) override;

private:
    Document* m_document;
    State m_before;
    State m_after;
    QString m_mergeKey;
};

}  // namespace espalier::ui
