// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/checkpoint_keeper_torch.h"

#include <ATen/Context.h>
#include <ATen/core/Generator.h>

#include <algorithm>
#include <mutex>

#include "core/base/format.h"
#include "core/base/log.h"

namespace espalier::train {
namespace {

using Clock = std::chrono::steady_clock;

at::Tensor stateOf(c10::Device device) {
    at::Generator generator = at::globalContext().defaultGenerator(device);
    const std::lock_guard lock(generator.mutex());
    return generator.get_state();
}

void setState(c10::Device device, const at::Tensor& state) {
    at::Generator generator = at::globalContext().defaultGenerator(device);
    const std::lock_guard lock(generator.mutex());
    generator.set_state(state);
}

std::string accelerator(c10::Device device) {
    return cat("random.", c10::DeviceTypeName(device.type(), true));
}

}  // namespace

bool CheckpointKeeper::isDue() const {
    constexpr int kWorth = 20;  // a twentieth of the time at most goes to keeping
    return isWanted() && Clock::now() - m_kept >= std::max(m_every, kWorth * m_took);
}

void CheckpointKeeper::keep(const Recipe& recipe, int epochs,
                            const std::vector<TrainSample>& samples, RunState state) {
    const Clock::time_point started = Clock::now();
    const Checkpoint checkpoint{m_identity, recipe, epochs, samples,
                                std::make_shared<const RunState>(std::move(state))};
    const auto kept = m_keep(checkpoint);
    if (!kept && !m_hasFailed) {
        const std::string last = m_last > 0
                                     ? cat("the last checkpoint, after epoch ", m_last, ", stays")
                                     : std::string("there is no checkpoint yet");
        log(LogLevel::Warning, cat(kept.error().text(), " Training goes on; ", last, "."));
    }
    m_kept = Clock::now();
    m_took = m_kept - started;
    m_hasFailed = !kept;
    if (kept) m_last = epochs;
}

void saveRandom(RunState& state, c10::Device device) {
    state.set("random.cpu", stateOf(c10::kCPU));
    if (!device.is_cpu()) state.set(accelerator(device), stateOf(device));
}

void loadRandom(const RunState& state, c10::Device device) {
    setState(c10::kCPU, state.get("random.cpu").toTensor());
    if (!device.is_cpu() && state.has(accelerator(device)))
        setState(device, state.get(accelerator(device)).toTensor());
}

}  // namespace espalier::train
