// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/measurements.h"

#include <algorithm>
#include <utility>

namespace espalier::ui {

prune::Plan effective(const prune::Plan& plan) {
    prune::Plan key;
    for (const auto& [name, rule] : plan.channels) {
        if (!plan.locked.contains(name)) key.channels.emplace(name, rule);
    }
    for (const auto& [name, marks] : plan.marks) {
        if (!plan.locked.contains(name)) key.marks.emplace(name, marks);
    }
    if (key.hasChannels()) {
        key.channelDefaults = plan.channelDefaults;
        key.channelDefaults.allowInexact = false;  // a permission: it removes nothing
        key.seed = plan.seed;
        key.data = plan.data;
    }
    for (const auto& [name, rule] : plan.weights) {
        if (!plan.locked.contains(name)) key.weights.emplace(name, rule);
    }
    if (key.weights.empty()) return key;
    key.weightCriterion = plan.weightCriterion;
    key.seed = plan.seed;
    key.data = plan.data;
    return key;
}

data::Split choiceSplit(const data::Dataset& dataset) {
    return data::info(dataset).validation > 0 ? data::Split::Validation : data::Split::Test;
}

void Measurements::setEvaluation(const model::SnapshotPtr& snapshot, const prune::Plan& plan,
                                 measure::Evaluation evaluation) {
    auto& evaluations = entry(snapshot, plan).evaluations;
    std::erase_if(evaluations,
                  [&evaluation](const auto& old) { return old.split == evaluation.split; });
    evaluations.push_back(std::move(evaluation));
}

void Measurements::setLatency(const model::SnapshotPtr& snapshot, const prune::Plan& plan,
                              Timed timed) {
    entry(snapshot, plan).latency = std::move(timed);
}

std::optional<measure::Evaluation> Measurements::evaluation(
    const model::SnapshotPtr& snapshot, const prune::Plan& plan,
    std::optional<data::Split> split) const {
    const Entry* found = find(snapshot, plan);
    if (!found || found->evaluations.empty()) return {};
    if (!split) return found->evaluations.back();
    const auto ofSplit = std::ranges::find(found->evaluations, *split, &measure::Evaluation::split);
    return ofSplit == found->evaluations.end() ? std::nullopt : std::optional(*ofSplit);
}

std::optional<Timed> Measurements::latency(const model::SnapshotPtr& snapshot,
                                           const prune::Plan& plan) const {
    const Entry* found = find(snapshot, plan);
    return found ? found->latency : std::nullopt;
}

void Measurements::forgetEvaluations() {
    for (Entry& entry : m_entries) entry.evaluations.clear();
}

const Measurements::Entry* Measurements::find(const model::SnapshotPtr& snapshot,
                                              const prune::Plan& plan) const {
    const prune::Plan key = effective(plan);
    for (const Entry& entry : m_entries) {
        if (entry.snapshot == snapshot && entry.plan == key) return &entry;
    }
    return nullptr;
}

Measurements::Entry& Measurements::entry(const model::SnapshotPtr& snapshot,
                                         const prune::Plan& plan) {
    const Entry* found = find(snapshot, plan);
    if (found) return m_entries[static_cast<std::size_t>(found - m_entries.data())];
    m_entries.push_back({snapshot, effective(plan), {}, {}});
    return m_entries.back();
}

}  // namespace espalier::ui
