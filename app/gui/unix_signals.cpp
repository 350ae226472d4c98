// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/unix_signals.h"

#include <sys/socket.h>
#include <unistd.h>
#include <csignal>

#include <QSocketNotifier>

namespace espalier::gui {
namespace {

constexpr int kSignals[] = {SIGTERM, SIGINT, SIGHUP};
int g_sockets[2] = {-1, -1};  // a signal handler can reach globals alone

extern "C" void wakeUp(int signal) {
    const char byte = 1;
    [[maybe_unused]] const auto written = ::write(g_sockets[0], &byte, sizeof byte);
    std::signal(signal, SIG_DFL);
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
