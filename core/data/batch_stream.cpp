// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/batch_stream_torch.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

namespace espalier::data {
namespace {

constexpr int kMostWorkers = 64;
constexpr std::size_t kAheadPerWorker = 2;
constexpr auto kStopInterval = std::chrono::milliseconds(20);

Error cancelled() {
    return {Error::Kind::Cancelled, "Reading the data was stopped", {}, {}};
}

}  // namespace

int workersFor(const DataSpec& spec) {
    const int wanted =
        spec.workers > 0 ? spec.workers : static_cast<int>(std::thread::hardware_concurrency());
    return std::clamp(wanted, 1, kMostWorkers);
}

struct BatchStream::Plan {
    const Dataset& dataset;
    Split split;
    std::vector<std::int64_t> order;
    StreamOptions options;

    std::size_t batches() const {
        const auto size = static_cast<std::size_t>(options.batchSize);
        const std::size_t whole = order.size() / size;
        const std::size_t rest = order.size() % size;
        const bool joins = options.joinsLastSample && rest == 1 && whole > 0;
        return whole + (rest > 0 && !joins ? 1 : 0);
    }
    Batch batch(std::size_t number) const {
        const auto size = static_cast<std::size_t>(options.batchSize);
        const std::size_t first = number * size;
        const std::size_t count = number + 1 == batches() ? order.size() - first : size;
        const auto indices = std::span(order).subspan(first, count);
        return options.seed ? dataset.augmented(split, indices, *options.seed)
                            : dataset.batch(split, indices);
    }
};

/// Threads that make the batches of a plan in order, never more than a few ahead of who takes them.
class BatchStream::Workers {
public:
    Workers(std::shared_ptr<const Plan> plan, int threads, std::size_t first)
        : m_plan(std::move(plan)),
          m_ahead(kAheadPerWorker * static_cast<std::size_t>(threads)),
          m_begun(first),
          m_taken(first) {
        for (int i = 0; i < threads; ++i) m_threads.emplace_back([this] { work(); });
    }
    ~Workers() {
        {
            const std::lock_guard lock(m_mutex);
            m_isStopped = true;
        }
        m_changed.notify_all();
        m_threads.clear();  // joins them
    }

    /// Batches must be asked for in order.
    Result<Batch> take(std::size_t number, RunControl& control) {
        std::unique_lock lock(m_mutex);
        while (!m_made.contains(number)) {
            m_changed.wait_for(lock, kStopInterval);
            if (control.isStopRequested()) return cancelled();
        }
        Made made = std::move(m_made.at(number));
        m_made.erase(number);
        m_taken = number + 1;
        lock.unlock();
        m_changed.notify_all();
        if (made.failure) std::rethrow_exception(made.failure);
        return std::move(made.batch);
    }

private:
    struct Made {
        Batch batch;
        std::exception_ptr failure;
    };

    void work() {
        const at::NoGradGuard noGradients;
        std::unique_lock lock(m_mutex);
        while (true) {
            m_changed.wait(lock, [this] {
                return m_isStopped || m_begun == m_plan->batches() || m_begun < m_taken + m_ahead;
            });
            if (m_isStopped || m_begun == m_plan->batches()) return;
            const std::size_t number = m_begun++;
            lock.unlock();
            Made made = make(number);
            lock.lock();
            m_made.emplace(number, std::move(made));
            m_changed.notify_all();
        }
    }

    Made make(std::size_t number) const {
        try {
            return {m_plan->batch(number), {}};
        } catch (...) {
            return {{}, std::current_exception()};
        }
    }

    std::shared_ptr<const Plan> m_plan;
    std::size_t m_ahead;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::map<std::size_t, Made> m_made;  // not taken yet
    std::size_t m_begun;                 // batches that some thread has taken on
    std::size_t m_taken;
    bool m_isStopped = false;
    std::vector<std::jthread> m_threads;
};

BatchStream::BatchStream(const Dataset& dataset, Split split, std::vector<std::int64_t> order,
                         const StreamOptions& options)
    : m_plan(std::make_shared<const Plan>(Plan{dataset, split, std::move(order), options})) {}
BatchStream::~BatchStream() = default;
BatchStream::BatchStream(BatchStream&&) noexcept = default;
BatchStream& BatchStream::operator=(BatchStream&&) noexcept = default;

std::int64_t BatchStream::batches() const {
    return static_cast<std::int64_t>(m_plan->batches());
}

bool BatchStream::hasNext() const {
    return m_dealt < m_plan->batches();
}

Result<Batch> BatchStream::next(RunControl& control) {
    if (!control.keepGoing()) return cancelled();
    const Dataset& dataset = m_plan->dataset;
    if (!m_workers && dataset.readsFiles())
        m_workers = std::make_unique<Workers>(m_plan, workersFor(dataset.spec()), m_dealt);
    const std::size_t number = m_dealt++;
    try {
        if (!m_workers) return m_plan->batch(number);
        return m_workers->take(number, control);
    } catch (const ReadError& failure) {
        return failure.error();
    }
}

}  // namespace espalier::data
