// SPDX-License-Identifier: GPL-3.0-or-later
// Whether undo and redo lead back to exactly what was there, however edits came about.
#pragma once

#include <map>

#include <QUndoStack>

#include "ui/document/document.h"

namespace espalier::test {

/// Remembers what the document was at every index of its undo stack.
class UndoWatch : public QObject {
public:
    explicit UndoWatch(ui::Document& document)
        : m_document(document), m_stack(*document.undoStack()) {
        connect(&m_stack, &QUndoStack::indexChanged, this, &UndoWatch::follow);
        connect(&document, &ui::Document::modelChanged, this, [this] {
            m_seen.clear();
            follow(m_stack.index());
        });
        follow(m_stack.index());
    }

    /// How often the document came back to an index.
    int returns() const { return m_returns; }
    /// What the first of them found that is not as it was; empty: all is well.
    const QString& problem() const { return m_problem; }

private:
    struct Seen {
        const QUndoCommand* command;  // that led here
        ui::State state;
        model::SnapshotPtr snapshot;
    };

    const QUndoCommand* commandAt(int index) const {
        return index > 0 ? m_stack.command(index - 1) : nullptr;
    }

    void follow(int index) {
        const bool hasMoved = index != m_index;
        const bool isOfOldStack = m_stack.count() == m_count;
        m_index = index;
        m_count = m_stack.count();
        const auto known = m_seen.find(index);
        // A new command is at another address than the one it replaces, and one that took in
        // another edit stays where it is.
        const bool isReturn = hasMoved && isOfOldStack && known != m_seen.end() &&
                              known->second.command == commandAt(index);
        if (isReturn) return compare(known->second);
        m_seen[index] = {commandAt(index), m_document.state(), m_document.snapshot()};
        m_seen.erase(m_seen.upper_bound(m_count), m_seen.end());
    }

    void compare(const Seen& seen) {
        ++m_returns;
        if (!m_problem.isEmpty()) return;
        const ui::State& now = m_document.state();
        const QString where = QStringLiteral(" differs at %1 of %2, \"%3\"")
                                  .arg(m_index)
                                  .arg(m_count)
                                  .arg(m_stack.text(m_index - 1));
        if (now.node != seen.state.node) m_problem = QStringLiteral("the node") + where;
        if (m_document.snapshot() != seen.snapshot) m_problem = QStringLiteral("the model") + where;
        if (!seen.state.plan != !now.plan || (now.plan && !(*now.plan == *seen.state.plan)))
            m_problem = QStringLiteral("the plan") + where;
    }

    ui::Document& m_document;
    QUndoStack& m_stack;
    std::map<int, Seen> m_seen;
    int m_index = -1;
    int m_count = -1;
    int m_returns = 0;
    QString m_problem;
};

}  // namespace espalier::test
