// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/unix_signals.h"

#include <sys/socket.h>
#include <unistd.h>
#include <atomic>
#include <csignal>
#include <ctime>

#include <QSocketNotifier>

namespace espalier::gui {
namespace {

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP};
int g_sockets[2] = {-1, -1};  // a signal handler can reach globals alone

std::atomic<std::time_t> g_first = 0;  // when the first came, in seconds; 0: none yet
static_assert(std::atomic<std::time_t>::is_always_lock_free);

std::time_t now() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

// GNU timeout and closing terminals send a signal twice, which counts once. Who asks again later
// does not want to wait.
extern "C" void wakeUp(int signal) {
    constexpr std::time_t kOneStop = 1;
    const std::time_t first = g_first;
    if (first == 0) {
        g_first = now();
        const char byte = 1;
        [[maybe_unused]] const auto written = ::write(g_sockets[0], &byte, sizeof byte);
    } else if (now() - first > kOneStop) {
        std::signal(signal, SIG_DFL);
        ::raise(signal);
    }
}

}  // namespace

UnixSignals::UnixSignals(QObject* parent) : QObject(parent), m_notifier(nullptr) {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, g_sockets) != 0) return;
    m_notifier = new QSocketNotifier(g_sockets[1], QSocketNotifier::Read, this);
    connect(m_notifier, &QSocketNotifier::activated, this, [this] {
        char byte = 0;
        [[maybe_unused]] const auto taken = ::read(g_sockets[1], &byte, sizeof byte);
        Q_EMIT terminationRequested();
    });
    for (const int signal : kSignals) std::signal(signal, wakeUp);
}

UnixSignals::~UnixSignals() {
    for (const int signal : kSignals) std::signal(signal, SIG_DFL);
    for (int& socket : g_sockets) {
        if (socket >= 0) ::close(socket);
        socket = -1;
    }
}

}  // namespace espalier::gui
