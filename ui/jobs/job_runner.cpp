// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/jobs/job_runner.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <deque>
#include <thread>

#include <QElapsedTimer>
#include <QTimer>

#include "core/measure/runtime.h"
#include "ui/jobs/torch_threads.h"

namespace espalier::ui {

namespace {

constexpr int kLanes = 5;
constexpr qint64 kDeliveryMs = 33;  // 30 Hz: what an eye can follow

std::size_t indexOf(Lane lane) {
    return static_cast<std::size_t>(lane);
}

Error cancelledError(const QString& title) {
    return {Error::Kind::Cancelled, title.toStdString(), "it was cancelled", ""};
}

}  // namespace

// One core stays with the window.
int torchThreads() {
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) - 1);
}

class JobRunner::Impl {
public:
    struct Job {
        int id = 0;
        JobOptions options;
        QPointer<QObject> context;
        Task task;
        RunControl control;

        // Shared with the worker, under Impl::m_mutex.
        Progress progress;
        std::optional<Error> failure;
        bool isRunning = false;
        bool isPaused = false;     // by a person
        bool isHeld = false;       // it yields, and something urgent runs
        bool isAnnounced = false;  // a delivery is on its way to the GUI thread

        // Of the GUI thread alone.
        bool isDropped = false;  // replaced by a newer job: nothing of it is delivered any more
        QElapsedTimer sinceDelivery;
    };
    using JobPtr = std::shared_ptr<Job>;

    explicit Impl(JobRunner* runner) : m_runner(runner) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            m_threads[lane] = std::thread([this, lane] { serve(lane); });
        }
    }

    ~Impl() {
        {
            const std::lock_guard lock(m_mutex);
            m_isClosing = true;
            for (auto& queue : m_queues) queue.clear();
        }
        for (const JobPtr& job : m_jobs) job->control.requestStop();
        m_changed.notify_all();
        for (std::thread& thread : m_threads) thread.join();
    }

    int add(const JobOptions& options, QObject* context, Task task) {
        dropSlot(options.slot);
        auto job = std::make_shared<Job>();
        job->id = ++m_lastId;
        job->options = options;
        job->context = context;
        job->task = std::move(task);
        m_jobs.push_back(job);
        {
            const std::lock_guard lock(m_mutex);
            m_queues[indexOf(options.lane)].push_back(job);
        }
        m_changed.notify_all();
        Q_EMIT m_runner->jobStarted(job->id);
        return job->id;
    }

    void cancel(const JobPtr& job) {
        job->control.requestStop();
        if (withdraw(job)) {
            end(job, cancelledError(job->options.title));
        } else {
            Q_EMIT m_runner->jobProgressed(job->id);
        }
    }

    void drop(const JobPtr& job) {
        job->isDropped = true;
        cancel(job);
    }

    void dropSlot(const QString& slot) {
        if (slot.isEmpty()) return;
        const std::vector<JobPtr> jobs = m_jobs;
        for (const JobPtr& job : jobs) {
            if (job->options.slot == slot && !job->isDropped) drop(job);
        }
    }

    JobPtr find(int id) const {
        const auto found = std::ranges::find(m_jobs, id, [](const JobPtr& job) { return job->id; });
        return found == m_jobs.end() ? nullptr : *found;
    }

    const std::vector<JobPtr>& jobs() const { return m_jobs; }

    void setPaused(Job& job, bool paused) {
        const std::lock_guard lock(m_mutex);
        job.isPaused = paused;
        job.control.setPaused(job.isPaused || job.isHeld);
    }

    JobInfo describe(const Job& job) {
        const std::lock_guard lock(m_mutex);
        JobInfo info;
        info.id = job.id;
        info.title = job.options.title;
        info.progress = job.progress;
        info.isVisible = job.options.isVisible;
        info.keepsWhatItHas = job.options.keepsWhatItHas;
        info.isRunning = job.isRunning;
        info.isPaused = job.isPaused;
        info.isStopping = job.control.isStopRequested();
        return info;
    }

private:
    /// Takes a job out of its queue; false when it runs or has run.
    bool withdraw(const JobPtr& job) {
        const std::lock_guard lock(m_mutex);
        return std::erase(m_queues[indexOf(job->options.lane)], job) > 0;
    }

    /// The last that is heard of a job.
    void end(const JobPtr& job, std::optional<Error> error) {
        if (std::erase(m_jobs, job) == 0) return;
        if (!job->isDropped && job->context) job->task.deliverResult(std::move(error));
        Q_EMIT m_runner->jobFinished(job->id);
    }

    void finish(int id) {
        const JobPtr job = find(id);
        if (!job) return;
        deliver(job);
        std::optional<Error> failure;
        {
            const std::lock_guard lock(m_mutex);
            failure = job->failure;
        }
        end(job, std::move(failure));
    }

    /// Hands over what gathered since the last time, unless that was just now: then a little later.
    void deliverSoon(int id) {
        const JobPtr job = find(id);
        if (!job) return;
        const qint64 wait =
            job->sinceDelivery.isValid() ? kDeliveryMs - job->sinceDelivery.elapsed() : 0;
        if (wait <= 0) {
            deliver(job);
            return;
        }
        QTimer::singleShot(static_cast<int>(wait), m_runner, [this, id] {
            if (const JobPtr later = find(id)) deliver(later);
        });
    }

    void deliver(const JobPtr& job) {
        job->sinceDelivery.start();
        {
            const std::lock_guard lock(m_mutex);
            job->isAnnounced = false;
        }
        if (job->isDropped) return;
        if (job->context) job->task.deliverPartials();
        Q_EMIT m_runner->jobProgressed(job->id);
    }

    // What follows runs on the workers.

    void announce(Job& job) {
        {
            const std::lock_guard lock(m_mutex);
            if (job.isAnnounced || m_isClosing) return;
            job.isAnnounced = true;
        }
        post([this, id = job.id] { deliverSoon(id); });
    }

    template <class Call>
    void post(Call call) {
        QMetaObject::invokeMethod(m_runner, std::move(call), Qt::QueuedConnection);
    }

    bool mayStart(std::size_t lane) const {
        if (m_queues[lane].empty()) return false;
        const bool wantsAlone = lane == indexOf(Lane::Exclusive);
        if (m_running == 0) return wantsAlone || m_queues[indexOf(Lane::Exclusive)].empty();
        return !wantsAlone && !m_isAlone;
    }

    void serve(std::size_t lane) {
        bool isSetUp = false;
        while (JobPtr job = next(lane)) {
            if (!isSetUp) measure::setUpTorchThread(torchThreads());
            isSetUp = true;
            announce(*job);
            runGuarded(*job);
            {
                const std::lock_guard lock(m_mutex);
                setActive(lane, nullptr);
            }
            const int id = job->id;
            job.reset();  // the GUI thread has the last reference: what the job captured ends there
            post([this, id] { finish(id); });
            leave();
        }
    }

    JobPtr next(std::size_t lane) {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this, lane] { return m_isClosing || mayStart(lane); });
        if (m_isClosing) return nullptr;
        JobPtr job = m_queues[lane].front();
        m_queues[lane].pop_front();
        job->isRunning = true;
        m_isAlone = lane == indexOf(Lane::Exclusive);
        ++m_running;
        setActive(lane, job.get());
        return job;
    }

    /// What a lane runs now; those that yield rest while there is something urgent. Needs m_mutex.
    void setActive(std::size_t lane, Job* job) {
        m_active[lane] = job;
        const bool isUrgent =
            m_active[indexOf(Lane::Interactive)] || m_active[indexOf(Lane::Probe)];
        for (Job* each : m_active) {
            if (!each || !each->options.yields) continue;
            each->isHeld = isUrgent;
            each->control.setPaused(each->isPaused || each->isHeld);
        }
    }

    void leave() {
        {
            const std::lock_guard lock(m_mutex);
            --m_running;
            m_isAlone = false;
        }
        m_changed.notify_all();
    }

    void runGuarded(Job& job) {
        std::optional<Error> failure;
        const std::string title = job.options.title.toStdString();
        try {
            job.task.work(
                [this, &job](const Progress& progress) {
                    {
                        const std::lock_guard lock(m_mutex);
                        job.progress = progress;
                    }
                    announce(job);
                },
                [this, &job] { announce(job); }, job.control);
        } catch (const std::exception& exception) {
            failure = detail::errorFromException(title, exception);
        } catch (...) {
            failure = Error{Error::Kind::Failed, title, "an unknown error stopped it", "Try again"};
        }
        const std::lock_guard lock(m_mutex);
        job.failure = std::move(failure);
    }

    JobRunner* m_runner;
    std::vector<JobPtr> m_jobs;  // of the GUI thread alone, oldest first
    int m_lastId = 0;

    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::array<std::deque<JobPtr>, kLanes> m_queues;
    std::array<Job*, kLanes> m_active{};  // alive while they are here
    int m_running = 0;
    bool m_isAlone = false;  // an exclusive job runs
    bool m_isClosing = false;
    std::array<std::thread, kLanes> m_threads;
};

JobRunner::JobRunner(QObject* parent) : QObject(parent), m_impl(std::make_unique<Impl>(this)) {}

JobRunner::~JobRunner() = default;

int JobRunner::start(const JobOptions& options, QObject* context, Task task) {
    return m_impl->add(options, context, std::move(task));
}

void JobRunner::cancel(int id) {
    if (const auto job = m_impl->find(id)) m_impl->cancel(job);
}

void JobRunner::cancelSlot(const QString& slot) {
    m_impl->dropSlot(slot);
}

void JobRunner::setPaused(int id, bool paused) {
    const auto job = m_impl->find(id);
    if (!job) return;
    m_impl->setPaused(*job, paused);
    Q_EMIT jobProgressed(id);
}

void JobRunner::cancelAll() {
    const auto jobs = m_impl->jobs();
    for (const auto& job : jobs) m_impl->cancel(job);
}

QList<JobInfo> JobRunner::jobs() const {
    QList<JobInfo> infos;
    for (const auto& job : m_impl->jobs()) infos.push_back(m_impl->describe(*job));
    return infos;
}

bool JobRunner::isBusy(Lane lane) const {
    return std::ranges::any_of(m_impl->jobs(),
                               [lane](const auto& job) { return job->options.lane == lane; });
}

}  // namespace espalier::ui
