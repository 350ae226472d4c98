// SPDX-License-Identifier: GPL-3.0-or-later
// How a long task is stopped and paused from another thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace espalier {

/// Shared between the one who runs a task and the one who may stop it. All members are thread-safe.
///
/// A task calls `keepGoing()` at least once per batch, per layer, and per 50 ms of work.
class RunControl {
public:
    void requestStop();
    void setPaused(bool paused);
    bool isStopRequested() const { return m_stop.load(std::memory_order_relaxed); }
    bool isPaused() const { return m_paused.load(std::memory_order_relaxed); }

    /// False once a stop was requested; waits while paused.
    bool keepGoing();

private:
    std::atomic<bool> m_stop{false};
    std::atomic<bool> m_paused{false};
    std::mutex m_mutex;
    std::condition_variable m_resumed;
};

}  // namespace espalier
