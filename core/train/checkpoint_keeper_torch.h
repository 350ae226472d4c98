// SPDX-License-Identifier: GPL-3.0-or-later
// Hands checkpoints to whoever keeps them, and lives with it when they cannot.
#pragma once

#include <chrono>
#include <utility>

#include "core/train/checkpoint.h"
#include "core/train/run_state_torch.h"

namespace espalier::train {

class CheckpointKeeper {
public:
    CheckpointKeeper() = default;
    /// `last`: of which there is one already; 0: none.
    CheckpointKeeper(const RunLife& life, RunIdentity identity, int last)
        : m_keep(life.keep),
          m_every(life.keepEvery),
          m_identity(std::move(identity)),
          m_last(last) {}

    bool isWanted() const { return m_keep != nullptr; }
    /// Whether an epoch has gone on for long since the last one.
    bool isDue() const;
    /// Tells the log, once in a row, when it fails: the run goes on, what was kept before stays.
    void keep(const Recipe& recipe, int epochs, const std::vector<TrainSample>& samples,
              RunState state);

private:
    std::function<Result<void>(const Checkpoint&)> m_keep;
    std::chrono::duration<double> m_every{};
    std::chrono::duration<double> m_took{};
    std::chrono::steady_clock::time_point m_kept = std::chrono::steady_clock::now();
    RunIdentity m_identity;
    int m_last = 0;  // epochs finished when the last checkpoint was kept
    bool m_hasFailed = false;
};

/// The random numbers that dropout and the like draw on the CPU and on `device`.
void saveRandom(RunState& state, c10::Device device);
/// Throws std::runtime_error when they are missing. Those of an accelerator are left alone when the
/// run was on another kind of device.
void loadRandom(const RunState& state, c10::Device device);

}  // namespace espalier::train
