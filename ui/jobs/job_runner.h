// SPDX-License-Identifier: GPL-3.0-or-later
// Runs core functions on worker threads, one lane each, and delivers their results on the GUI thread.
#pragma once

#include <functional>
#include <memory>

#include <QObject>
#include <QPointer>
#include <QString>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"

namespace espalier::ui {

/// A lane runs one job at a time, in order.
enum class Lane {
    Interactive,  ///< re-plan, masks, heatmaps: the newest request of a `slot` replaces older ones
    Scan,         ///< statistics of all layers, evaluation, export
    Trainer,      ///< fine-tuning
    Exclusive     ///< latency: waits until the other lanes rest, and they wait for it
};

/// What is shown of a job.
struct JobInfo {
    int id = 0;
    QString title;  ///< "Fine-tuning"
    Progress progress;
    bool isVisible = true;  ///< false for the many small interactive ones
};

struct JobOptions {
    Lane lane = Lane::Scan;
    QString title;
    QString slot;  ///< a new job with the same slot cancels and replaces the older one; its result is dropped
    bool isVisible = true;
};

class JobRunner : public QObject {
    Q_OBJECT
public:
    explicit JobRunner(QObject* parent = nullptr);
    ~JobRunner() override;  ///< stops everything and joins

    /// Runs `work` in a lane. `done` and `partial` are called on the GUI thread, only while `context` lives, and only
    /// when the job was not replaced. Partials arrive in order, at most 30 deliveries a second, none lost.
    /// A cancelled job ends with Error::Kind::Cancelled. Returns the job's id.
    template <class Out, class Partial = NoPartial>
    int run(const JobOptions& options, QObject* context,
            std::function<Result<Out>(const EventSink<Partial>&, RunControl&)> work,
            std::function<void(Result<Out>)> done, std::function<void(const Partial&)> partial = {});

    void cancel(int id);
    void cancelSlot(const QString& slot);
    void setPaused(int id, bool paused);
    void cancelAll();
    QList<JobInfo> jobs() const;  ///< waiting and running, oldest first
    bool isBusy(Lane lane) const;

Q_SIGNALS:
    void jobStarted(int id);
    void jobProgressed(int id);  ///< at most 30 times a second
    void jobFinished(int id);

private:
    class Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace espalier::ui
