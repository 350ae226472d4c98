// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"

#include <algorithm>
#include <csignal>
#include <iostream>

#include <unistd.h>

#include "core/base/format.h"
#include "core/base/log.h"

namespace espalier::cli {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kRedrawEvery = std::chrono::milliseconds(100);
constexpr int kBarWidth = 24;
constexpr auto kOneStop = std::chrono::seconds(1);  // GNU timeout and closing terminals send two

sigset_t stopSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    return signals;
}

void waitForSignals(std::stop_token stop, RunControl& control) {
    const sigset_t signals = stopSignals();
    const timespec patience{0, 100'000'000};
    Clock::time_point first;
    while (!stop.stop_requested()) {
        if (sigtimedwait(&signals, nullptr, &patience) < 0) continue;
        if (control.isStopRequested()) {
            if (Clock::now() - first < kOneStop) continue;
            ::_exit(kCancelled);
        }
        first = Clock::now();
        control.requestStop();
        std::cerr << "\nStopping (once more to end at once)…\n";
    }
}

/// Names out of untrusted files must not steer the terminal.
std::string printable(std::string text) {
    const auto steers = [](unsigned char c) {
        return (c < ' ' && c != '\n' && c != '\t') || c == 0x7f;
    };
    std::ranges::replace_if(text, steers, '?');
    return text;
}

std::string bar(const Progress& progress) {
    const double share = static_cast<double>(progress.done) / static_cast<double>(progress.total);
    const int filled = static_cast<int>(share * kBarWidth);
    std::string text = " [";
    for (int i = 0; i < kBarWidth; ++i) text += i < filled ? '#' : '.';
    text += cat("] ", progress.done, "/", progress.total);
    if (progress.secondsLeft >= 0) text += "  " + duration(progress.secondsLeft) + " left";
    return text;
}

}  // namespace

ExitCode exitCodeOf(const Error& error) {
    switch (error.kind) {
        case Error::Kind::BadArgument:
            return kWrongUsage;
        case Error::Kind::NotFound:
        case Error::Kind::Unreadable:
        case Error::Kind::NotTorchScript:
        case Error::Kind::Damaged:
        case Error::Kind::Untrusted:
        case Error::Kind::Unsupported:
        case Error::Kind::Mismatch:
            return kRefused;
        case Error::Kind::Cancelled:
            return kCancelled;
        case Error::Kind::Infeasible:
        case Error::Kind::WriteFailed:
        case Error::Kind::Failed:
            return kFailed;
    }
    return kFailed;
}

Console::Console() : m_isTerminal(::isatty(STDERR_FILENO) != 0) {
    const sigset_t signals = stopSignals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by every thread made later
    m_signals = std::jthread(waitForSignals, std::ref(m_control));
    setLogListener([this](LogLevel level, const std::string& message) {
        if (level >= LogLevel::Warning) note(message);
    });
}

Console::~Console() {
    setLogListener({});
    clearBar();
}

void Console::show(const Progress& progress) {
    const auto now = Clock::now();
    if (!m_isTerminal) {
        if (m_told.insert(progress.step).second) std::cerr << progress.step << "\n";
        return;
    }
    const bool isNewStep = progress.step != m_step;
    m_step = progress.step;
    if (!isNewStep && now - m_lastDrawn < kRedrawEvery) return;
    m_lastDrawn = now;
    m_hasBar = true;
    std::cerr << "\r\x1b[K" << progress.step << (progress.total > 0 ? bar(progress) : "…")
              << std::flush;
}

void Console::clearBar() {
    if (m_hasBar) std::cerr << "\r\x1b[K" << std::flush;
    m_hasBar = false;
}

void Console::out(const std::string& text) {
    clearBar();
    std::cout << printable(text) << "\n" << std::flush;
}

void Console::note(const std::string& text) {
    clearBar();
    std::cerr << printable(text) << "\n";
}

int Console::fail(const Error& error) {
    if (error.kind == Error::Kind::Cancelled) {
        note(error.hint.empty() ? "Cancelled. Nothing was written."
                                : cat("Cancelled. ", error.hint, "."));
    } else {
        note("espalier-cli: " + error.text());
    }
    return exitCodeOf(error);
}

}  // namespace espalier::cli
