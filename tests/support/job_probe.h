// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs whose course a test decides, and what became of them.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <thread>

#include "ui/jobs/job_runner.h"

namespace espalier::test {

/// Polls like a task between two batches, until it is stopped or `go` is set.
inline Result<int> runUntil(RunControl& control, const std::shared_future<void>& go, int value) {
    while (go.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) {
        if (!control.keepGoing()) return Error{Error::Kind::Cancelled, "probe", "stopped", ""};
    }
    return value;
}

/// A job that begins, waits for `release()`, and gives `value`.
class JobProbe {
public:
    JobProbe(ui::JobRunner& jobs, const ui::JobOptions& options, int value, QObject* context) {
        m_begun = m_beginning->get_future();
        id = jobs.run<int>(
            options, context,
            [begun = m_beginning, go = m_go.get_future().share(), value](const EventSink<>&,
                                                                         RunControl& control) {
                begun->set_value();
                return runUntil(control, go, value);
            },
            [this](Result<int> outcome) { result = std::move(outcome); });
    }

    void release() { m_go.set_value(); }
    bool hasBegun() const {
        return m_begun.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }
    /// Blocks the test's thread: nothing of Qt is needed for a worker to begin.
    bool waitUntilBegun() const {
        return m_begun.wait_for(std::chrono::seconds(5)) == std::future_status::ready;
    }

    int id = 0;
    std::optional<Result<int>> result;

private:
    std::promise<void> m_go;
    // Shared, so that a job that is thrown away before it begins does not break the promise.
    std::shared_ptr<std::promise<void>> m_beginning = std::make_shared<std::promise<void>>();
    std::future<void> m_begun;
};

}  // namespace espalier::test
