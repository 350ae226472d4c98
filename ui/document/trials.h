// SPDX-License-Identifier: GPL-3.0-or-later
// Plans that are measured and remembered, to be set against each other.
#pragma once

#include <QObject>

#include "core/base/result.h"
#include "ui/document/state_jobs.h"

namespace espalier::ui {

class Document;
class JobRunner;

/// Lives on the GUI thread.
class Trials : public QObject {
    Q_OBJECT
public:
    Trials(Document* document, JobRunner* jobs, QObject* parent);

    /// Measures the accuracy of what is shown, unless that is known, and keeps plan and figures in
    /// the history as "trial 1", "trial 2" …; a state that is there already is measured alone. So
    /// is the dense model where its accuracy is not known.
    void remember();
    /// The same for the plan that removes as much, the same share of each layer.
    void addUniformBaseline();
    /// Of the dense model, what is shown and every state of the history, in turns.
    void measureLatencies();

    StateJobs* jobs() const { return m_measuring; }

Q_SIGNALS:
    void remembered(espalier::project::NodeId node);
    void failed(const espalier::Error& error);

private:
    void keep(const State& state, const QString& name);
    QString nextName() const;

    Document* m_document;
    JobRunner* m_jobs;
    StateJobs* m_measuring;
};

}  // namespace espalier::ui
