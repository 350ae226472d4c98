// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/run_control.h"

namespace espalier {

void RunControl::requestStop() {
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_resumed.notify_all();
}

void RunControl::setPaused(bool paused) {
    {
        const std::lock_guard lock(m_mutex);
        m_paused = paused;
    }
    m_resumed.notify_all();
}

bool RunControl::keepGoing() {
    if (m_paused && !m_stop) {
        std::unique_lock lock(m_mutex);
        m_resumed.wait(lock, [this] { return m_stop || !m_paused; });
    }
    return !m_stop;
}

}  // namespace espalier
