// SPDX-License-Identifier: GPL-3.0-or-later
// Runs core functions on worker threads, one lane each, and delivers their results on the GUI
// thread.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <QList>
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
    Exclusive,    ///< latency: waits until the other lanes rest, and they wait for it
    Probe         ///< the live probe, which must not keep an interactive job waiting
};

/// What is shown of a job.
struct JobInfo {
    int id = 0;
    QString title;  ///< "Fine-tuning"
    Progress progress;
    bool isVisible = true;  ///< false for the many small interactive ones
    bool isRunning = false;
    bool isPaused = false;
    bool isStopping = false;  ///< asked to stop, and not yet done with it
    bool keepsWhatItHas = false;
};

struct JobOptions {
    Lane lane = Lane::Scan;
    QString title = {};
    QString slot = {};  ///< a new job with the same slot stops and replaces the older one
    bool isVisible = true;
    bool keepsWhatItHas = false;  ///< stopped, it ends with a result: what it had by then
    bool yields = false;          ///< rests while an interactive job or a probe runs
};

/// Lives on the GUI thread; every member function is called there.
class JobRunner : public QObject {
    Q_OBJECT
public:
    // Never deduced, so that lambdas convert: the caller names Out and Partial.
    template <class Out, class Partial>
    using Work =
        std::type_identity_t<std::function<Result<Out>(const EventSink<Partial>&, RunControl&)>>;
    template <class Out>
    using Done = std::type_identity_t<std::function<void(Result<Out>)>>;
    template <class Partial>
    using OnPartial = std::type_identity_t<std::function<void(const Partial&)>>;

    explicit JobRunner(QObject* parent = nullptr);
    ~JobRunner() override;  ///< stops everything and joins

    /// Runs `work` in a lane and returns the job's id.
    ///
    /// `done` and `partial` are called on the GUI thread, only while `context` lives, and never for
    /// a job that was replaced. Partials arrive in order, at most 30 deliveries a second, none
    /// lost, all of them before `done`. An exception in `work` becomes Error::Failed. A job
    /// cancelled while it waits ends with Error::Cancelled; one that runs ends with what `work`
    /// returns after the stop (a training: its best so far).
    template <class Out, class Partial = NoPartial>
    int run(const JobOptions& options, QObject* context, Work<Out, Partial> work, Done<Out> done,
            OnPartial<Partial> partial = {});

    void cancel(int id);
    void cancelSlot(
        const QString& slot);  ///< as when a newer job replaced it: nothing more is delivered
    void setPaused(int id, bool paused);
    void cancelAll();
    QList<JobInfo> jobs() const;  ///< waiting and running, oldest first
    bool isBusy(Lane lane) const;

Q_SIGNALS:
    void jobStarted(int id);  ///< was queued; it runs when its lane is free
    void jobProgressed(
        int id);  ///< at most 30 times a second, and when it is paused or asked to stop
    void jobFinished(int id);

private:
    class Impl;

    /// A job without its types. `work` runs on a worker, the others on the GUI thread.
    struct Task {
        std::function<void(const std::function<void(const Progress&)>& progress,
                           const std::function<void()>& published, RunControl& control)>
            work;
        std::function<void()> deliverPartials;
        std::function<void(std::optional<Error>)>
            deliverResult;  ///< an error replaces what `work` returned
    };
    int start(const JobOptions& options, QObject* context, Task task);

    std::unique_ptr<Impl> m_impl;
};

template <class Out, class Partial>
int JobRunner::run(const JobOptions& options, QObject* context, Work<Out, Partial> work,
                   Done<Out> done, OnPartial<Partial> partial) {
    struct Box {
        std::mutex mutex;
        std::vector<Partial> partials;
        std::optional<Result<Out>> result;
    };
    auto box = std::make_shared<Box>();
    Task task;
    task.work = [box, work = std::move(work)](const auto& progress, const auto& published,
                                              RunControl& control) {
        EventSink<Partial> events;
        events.onProgress = progress;
        events.onPartial = [&box, &published](const Partial& value) {
            {
                const std::lock_guard lock(box->mutex);
                box->partials.push_back(value);
            }
            published();
        };
        box->result.emplace(work(events, control));
    };
    task.deliverPartials = [box, partial = std::move(partial), context = QPointer(context)] {
        std::vector<Partial> ready;
        {
            const std::lock_guard lock(box->mutex);
            ready.swap(box->partials);
        }
        for (const Partial& value : ready) {
            if (context && partial) partial(value);
        }
    };
    task.deliverResult = [box, done = std::move(done)](std::optional<Error> error) {
        if (done) done(error ? Result<Out>(std::move(*error)) : std::move(*box->result));
    };
    return start(options, context, std::move(task));
}

}  // namespace espalier::ui
