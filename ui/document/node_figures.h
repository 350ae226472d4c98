// SPDX-License-Identifier: GPL-3.0-or-later
// What each state of the history costs, counted in the background.
#pragma once

#include <map>

#include <QObject>

#include "core/project/history.h"
#include "core/prune/footprint.h"

namespace espalier::ui {

class Document;
class JobRunner;

/// Lives on the GUI thread.
class NodeFigures : public QObject {
    Q_OBJECT
public:
    NodeFigures(Document* document, JobRunner* jobs, QObject* parent);

    /// Null until it is counted, and where it cannot be: the plan ranks by scores that are gone.
    const prune::Footprint* find(project::NodeId node) const;

Q_SIGNALS:
    void changed();

private:
    void forget();
    void count();

    Document* m_document;
    JobRunner* m_jobs;
    std::map<project::NodeId, prune::Footprint> m_known;
};

/// Share of the prunable weights of `dense` that `now` has removed, those of channels included.
double sparsityOf(const prune::Footprint& dense, const prune::Footprint& now);

}  // namespace espalier::ui
