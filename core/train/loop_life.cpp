// SPDX-License-Identifier: GPL-3.0-or-later
// How a loop is put into a checkpoint and taken out again.
#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

#include "core/train/evaluation_state_torch.h"
#include "core/train/loop_torch.h"

namespace espalier::train {
namespace {

std::vector<at::Tensor> valuesOf(const torch::jit::Module& module) {
    std::vector<at::Tensor> values;
    for (const at::Tensor& parameter : module.parameters()) values.push_back(parameter);
    for (const at::Tensor& buffer : module.buffers()) values.push_back(buffer);
    return values;
}

/// Whether a pause is one by a person, and not the moment that something urgent runs.
bool isLongPause(const RunControl& control) {
    constexpr int kLooks = 200;
    constexpr auto kBetween = std::chrono::milliseconds(10);
    for (int i = 0; i < kLooks; ++i) {
        if (!control.isPaused() || control.isStopRequested()) return false;
        std::this_thread::sleep_for(kBetween);
    }
    return true;
}

}  // namespace

bool Loop::goesOn(RunControl& control) {
    keepWhenPaused(control);
    if (m_keeper.isDue()) keepCheckpoint();
    return control.keepGoing();
}

void Loop::keepWhenPaused(const RunControl& control) {
    const bool hasBegun = m_before.has_value();
    if (hasBegun && m_keeper.isWanted() && isLongPause(control)) keepCheckpoint();
}

void Loop::live(const RunLife& life, RunIdentity identity) {
    if (life.resumed) load(*life.resumed);
    m_keeper = CheckpointKeeper(life, std::move(identity), m_position.epoch);
}

void Loop::rememberWholeEpoch() {
    m_lastWhole.reset();
    const bool isBestAResult = m_pruner.isInForce() && !m_cutter.isCut();
    if (m_position.epoch == 0 || isBestAResult) return;
    Checkpoint whole{{}, m_recipe, m_position.epoch, m_metrics.samples()};
    whole.state = std::make_shared<const RunState>(save());
    m_lastWhole = std::make_shared<const Checkpoint>(std::move(whole));
}

void Loop::takeBest() {
    m_best.restore(m_module);
    m_module = m_cutter.restore();
    m_best.take(m_module);
}

Result<void> Loop::endHere() {
    if (auto completed = completePlan(); !completed) return completed.error();
    takeBest();
    return {};
}

RunState Loop::save() {
    RunState state;
    state.set("loop.step", m_position.step);
    state.set("loop.epoch", m_position.epoch);
    state.set("loop.round", m_round);
    state.set("loop.is_cut", std::int64_t{m_cutter.isCut()});
    state.set("loop.batches", m_epoch.batches);
    state.set("loop.samples", m_epoch.samples);
    state.set("loop.loss_sum", m_epoch.lossSum);
    m_pruner.save(state);
    state.set("module.values", stored(valuesOf(m_module)));
    saveEvaluation(state, "before", *m_before);
    saveRandom(state, m_placement.device);
    m_trainingStep.save(state);
    m_scheduler->save(state);
    m_earlyStopping.save(state);
    m_best.save(state);
    return state;
}

void Loop::load(const Checkpoint& checkpoint) {
    const RunState& state = *checkpoint.state;
    m_position.step = state.get("loop.step").toInt();
    m_position.epoch = static_cast<int>(state.get("loop.epoch").toInt());
    m_round = static_cast<int>(state.get("loop.round").toInt());
    m_epoch.batches = state.get("loop.batches").toInt();
    m_epoch.samples = state.get("loop.samples").toInt();
    m_epoch.lossSum = state.get("loop.loss_sum").toDouble();
    m_pruner.load(state);
    RunControl uninterrupted;
    if (state.get("loop.is_cut").toInt() != 0) {
        if (auto cut = cutChannels(uninterrupted); !cut)
            throw std::runtime_error(cut.error().text());
    }
    restore(valuesOf(m_module), state.get("module.values"), "weights");
    m_before = loadEvaluation(state, "before", m_validation.metric);
    m_trainingStep.load(state);
    m_scheduler->load(state);
    m_earlyStopping.load(state);
    m_best.load(state, m_validation.metric);
    m_metrics.resume(checkpoint.samples);
    loadRandom(state, m_placement.device);
    if (m_epoch.batches == 0) rememberWholeEpoch();
}

void Loop::keepCheckpoint() {
    if (!m_keeper.isWanted()) return;
    m_keeper.keep(m_recipe, m_position.epoch, m_metrics.samples(), save());
}

}  // namespace espalier::train
