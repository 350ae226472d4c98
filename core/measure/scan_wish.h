// SPDX-License-Identifier: GPL-3.0-or-later
// What a person would like to see next of a sensitivity scan that is running.
#pragma once

#include <mutex>
#include <string>
#include <utility>

namespace espalier::measure {

/// Shared between the one who scans and the one who looks. Thread-safe.
class ScanWish {
public:
    /// A parameter path or group key; one that the scan does not know, or has done, changes
    /// nothing.
    void prefer(std::string name) {
        const std::lock_guard lock(m_mutex);
        m_name = std::move(name);
    }
    std::string preferred() const {
        const std::lock_guard lock(m_mutex);
        return m_name;
    }

private:
    mutable std::mutex m_mutex;
    std::string m_name;
};

}  // namespace espalier::measure
