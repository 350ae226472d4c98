// SPDX-License-Identifier: GPL-3.0-or-later
// How a long task tells what it has done so far.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace espalier {

/// How far a task is. `total` is 0 when it cannot be known.
struct Progress {
    std::string step;  ///< what is being done, for people: "epoch 3 of 10"
    std::int64_t done = 0;
    std::int64_t total = 0;
    double secondsLeft = -1;  ///< an estimate; negative when unknown

    bool operator==(const Progress&) const = default;
};

/// For tasks that have no partial results.
struct NoPartial {};

/// Takes a task's progress and its partial results (a layer's statistics, a loss sample) as values.
///
/// Called on the task's own thread; either function may be empty. Receivers must be quick and must
/// not throw.
template <class Partial = NoPartial>
struct EventSink {
    std::function<void(const Progress&)> onProgress;
    std::function<void(const Partial&)> onPartial;

    void progress(const Progress& progress) const {
        if (onProgress) onProgress(progress);
    }
    void publish(const Partial& partial) const {
        if (onPartial) onPartial(partial);
    }
};

}  // namespace espalier
