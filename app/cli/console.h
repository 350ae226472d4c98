// SPDX-License-Identifier: GPL-3.0-or-later
// The terminal: results on standard output, progress and messages on standard error, Ctrl-C, exit
// codes.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <thread>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"

namespace espalier::cli {

enum ExitCode { kDone = 0, kFailed = 1, kWrongUsage = 2, kRefused = 3, kCancelled = 130 };

/// 3 for a model or data that was refused, 2 for a request that makes no sense, 130 for Ctrl-C,
/// else 1.
ExitCode exitCodeOf(const Error& error);

class Console {
public:
    /// Ctrl-C, SIGTERM and SIGHUP stop the running task; a second one ends the program at once.
    Console();
    ~Console();
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;

    RunControl& control() { return m_control; }

    /// A bar on a terminal; elsewhere one line for each step, the first time.
    template <class Partial = NoPartial>
    EventSink<Partial> events() {
        return {[this](const Progress& progress) { show(progress); }, {}};
    }

    void out(const std::string& text);   ///< a line of the result
    void note(const std::string& text);  ///< a line for people, on standard error
    int fail(const Error& error);        ///< prints the error, returns its exit code

private:
    void show(const Progress& progress);
    void clearBar();

    RunControl m_control;
    std::jthread
        m_signals;  ///< waits for signals, so that a stop is requested from an ordinary thread
    bool m_isTerminal = false;
    bool m_hasBar = false;
    std::string m_step;
    std::set<std::string> m_told;  ///< steps written where there is no bar
    std::chrono::steady_clock::time_point m_lastDrawn;
};

}  // namespace espalier::cli
