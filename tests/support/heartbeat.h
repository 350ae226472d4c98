// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the event loop of the window's thread is reached in time.
//
// The goal is 100 ms. What the thread works between two turns of the loop is measured in processor
// time, so that a busy machine does not fail it, and must never pass the goal. Time on the clock
// also sees the thread wait for another one: nearly all turns must keep the goal there too, and the
// few that another program may have delayed have a limit that only a real stall passes.
#pragma once

#include <ctime>

#include <algorithm>
#include <vector>

#include <QElapsedTimer>
#include <QTest>
#include <QTimer>

namespace espalier::test {

/// Processor time of the calling thread.
inline double threadMs() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

class Heartbeat {
public:
    static constexpr double kGoalMs = 100;
    static constexpr qint64 kLongestGapMs = 1000;

    Heartbeat() {
        m_timer.setInterval(5);
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { beat(); });
        m_timer.start();
        m_clock.start();
    }

    /// So far.
    double longestGapMs() const {
        return m_gaps.empty() ? 0 : static_cast<double>(std::ranges::max(m_gaps));
    }
    double longestWorkMs() const { return m_longestWork; }

    /// Empty when the loop was reached in time; else by how much not. Called in the loop's thread.
    QString problem() {
        QTest::qWait(20);  // the last beat
        std::ranges::sort(m_gaps);
        const qint64 usual = m_gaps.empty() ? 0 : m_gaps[(m_gaps.size() - 1) * 95 / 100];
        const qint64 longest = m_gaps.empty() ? 0 : m_gaps.back();
        const QString found =
            QStringLiteral("%1 ms of work at most; on the clock 95 % within %2 ms, at most %3 ms")
                .arg(m_longestWork, 0, 'f', 0)
                .arg(usual)
                .arg(longest);
        qInfo("between two turns of the event loop: %s", qPrintable(found));
        const bool isInTime = m_longestWork <= kGoalMs && static_cast<double>(usual) <= kGoalMs &&
                              longest <= kLongestGapMs;
        return isInTime ? QString() : found;
    }

private:
    void beat() {
        const double now = threadMs();
        m_longestWork = std::max(m_longestWork, now - m_last);
        m_last = now;
        m_gaps.push_back(m_clock.restart());
    }

    QTimer m_timer;
    QElapsedTimer m_clock;
    std::vector<qint64> m_gaps;
    double m_last = threadMs();
    double m_longestWork = 0;
};

}  // namespace espalier::test
