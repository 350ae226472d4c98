// SPDX-License-Identifier: GPL-3.0-or-later
// The same work on many items by several threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "core/base/run_control.h"

namespace espalier::data {

/// Calls `work(i)` for i in 0 .. count - 1 on `threads` threads, each taking the next that nobody
/// has taken, until one returns false or a stop is requested. `work` must not throw.
template <class Work>
void inParallel(std::size_t count, int threads, RunControl& control, Work work) {
    std::atomic<std::size_t> next{0};
    std::atomic<bool> stop{false};
    const auto run = [&] {
        for (std::size_t i = next++; i < count && !stop; i = next++) {
            if (!control.keepGoing() || !work(i)) stop = true;
        }
    };
    std::vector<std::jthread> helpers;
    const auto useful = std::min<std::size_t>(static_cast<std::size_t>(threads), count);
    for (std::size_t i = 1; i < useful; ++i) helpers.emplace_back(run);
    run();
}

}  // namespace espalier::data
