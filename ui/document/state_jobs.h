// SPDX-License-Identifier: GPL-3.0-or-later
// Accuracy and latency of any states, the one that is shown or others: measured, put into the
// Document.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <QObject>
#include <QString>

#include "core/base/events.h"
#include "core/base/result.h"
#include "ui/document/state.h"

namespace espalier::ui {

class Document;
class JobRunner;

/// Lives on the GUI thread. One instance runs one measurement of each kind at a time; the newest
/// wins.
class StateJobs : public QObject {
    Q_OBJECT
public:
    using Done = std::function<void()>;

    /// `slot` tells its jobs from those of other instances.
    StateJobs(Document* document, JobRunner* jobs, const QString& slot, QObject* parent);

    /// On choiceSplit; states whose accuracy is known are passed over. `done` is called when all
    /// are known. Needs data.
    void evaluate(const std::vector<State>& states, const Done& done = {});
    /// All in turns, so that they can be compared with each other; channels cut out.
    void measureLatencies(const std::vector<State>& states, const Done& done = {});
    void stop();
    bool isRunning() const;
    /// Of the measurement under way.
    std::optional<Progress> progress() const;

Q_SIGNALS:
    void runningChanged();
    void progressed();
    void failed(const espalier::Error& error);

private:
    model::SnapshotPtr rootSnapshot() const;  // null without a model
    void end();

    Document* m_document;
    JobRunner* m_jobs;
    QString m_slot;
    int m_job = 0;
};

}  // namespace espalier::ui
