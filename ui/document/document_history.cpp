// SPDX-License-Identifier: GPL-3.0-or-later
// The Document's history: what is measured of its states, trials, removal.
#include <algorithm>
#include <utility>

#include <QUndoStack>

#include "ui/document/document.h"
#include "ui/document/removal_command.h"

namespace espalier::ui {

void Document::setNodePinned(project::NodeId node, bool isPinned) {
    if (!m_history.has(node)) return;
    m_history = m_history.withPin(node, isPinned);
    Q_EMIT historyChanged();
}

Result<void> Document::removeNode(project::NodeId node) {
    if (!m_history.has(node)) return {};
    if (auto checked = m_history.checkRemoval(node, m_state.node); !checked) return checked;
    m_undo->push(new RemovalCommand(this, node));
    return {};
}

void Document::setRemoved(const std::vector<project::NodeId>& nodes, bool removed) {
    m_history = removed ? m_history.without(nodes) : m_history.restored(nodes);
    Q_EMIT historyChanged();
}

project::Metrics Document::metricsOf(const State& state) const {
    project::Metrics metrics;
    if (m_dataset) metrics.evaluation = evaluationOf(state, choiceSplit(*m_dataset));
    if (!metrics.evaluation) metrics.evaluation = evaluationOf(state);
    if (metrics.evaluation && m_dataset) metrics.data = data::spec(*m_dataset);
    if (const auto timed = latencyOf(state)) {
        metrics.latency = timed->latency;
        metrics.latencyRun = timed->run;
    }
    return metrics;
}

project::NodeId Document::addTrial(const State& state, const QString& name) {
    auto added = m_history.tried(state.node, state.plan, name.toStdString(), metricsOf(state));
    m_history = std::move(added.history);
    Q_EMIT historyChanged();
    return added.id;
}

project::NodeId Document::nodeOf(const State& state) const {
    if (!state.node.isValid()) return {};
    const prune::Plan wanted = effective(*state.plan);
    const auto isIt = [&](const project::Node& node) {
        return node.snapshot == snapshotOf(state) && effective(*node.plan) == wanted;
    };
    if (m_history.has(state.node) && isIt(m_history.node(state.node))) return state.node;
    for (const auto& node : m_history.nodes()) {
        if (isIt(*node)) return node->id;
    }
    return {};
}

void Document::setEvaluation(measure::Evaluation evaluation, const std::optional<State>& state) {
    const State measured = state.value_or(m_state);
    if (!measured.node.isValid()) return;
    m_measurements.setEvaluation(snapshotOf(measured), *measured.plan, evaluation);
    noteMetrics(measured, [&](project::Metrics& metrics) {
        metrics.evaluation = std::move(evaluation);
        metrics.data = m_dataset ? std::optional(data::spec(*m_dataset)) : std::nullopt;
    });
}

void Document::setLatency(measure::Latency latency, const std::optional<State>& state) {
    setLatencies({state.value_or(m_state)}, {std::move(latency)});
}

void Document::setLatencies(const std::vector<State>& states,
                            const std::vector<measure::Latency>& latencies) {
    ++m_latencyRuns;
    for (std::size_t i = 0; i < std::min(states.size(), latencies.size()); ++i) {
        if (!states[i].node.isValid()) continue;
        m_measurements.setLatency(snapshotOf(states[i]), *states[i].plan,
                                  {latencies[i], m_latencyRuns});
        noteMetrics(states[i], [&](project::Metrics& metrics) {
            metrics.latency = latencies[i];
            metrics.latencyRun = m_latencyRuns;
        });
    }
}

void Document::recallMeasurements() {
    for (const auto& node : m_history.nodes()) {
        const project::Metrics& known = node->metrics;
        // What was measured on other data is the node's alone.
        const bool isOfThisData = m_dataset && known.data == data::spec(*m_dataset);
        if (known.evaluation && isOfThisData)
            m_measurements.setEvaluation(node->snapshot, *node->plan, *known.evaluation);
        if (known.latency)
            m_measurements.setLatency(node->snapshot, *node->plan,
                                      {*known.latency, known.latencyRun});
        m_latencyRuns = std::max(m_latencyRuns, known.latencyRun);
    }
}

// A history node shows what was measured with the plan it was made with.
void Document::noteMetrics(const State& measured,
                           const std::function<void(project::Metrics&)>& note) {
    if (const project::NodeId node = nodeOf(measured); node.isValid()) {
        project::Metrics metrics = m_history.node(node).metrics;
        note(metrics);
        m_history = m_history.withMetrics(node, std::move(metrics));
        Q_EMIT historyChanged();
    }
    Q_EMIT measurementsChanged();
}

std::optional<measure::Evaluation> Document::evaluationOf(const State& state,
                                                          std::optional<data::Split> split) const {
    if (!state.node.isValid()) return {};
    return m_measurements.evaluation(snapshotOf(state), *state.plan, split);
}

std::optional<Timed> Document::latencyOf(const State& state) const {
    if (!state.node.isValid()) return {};
    return m_measurements.latency(snapshotOf(state), *state.plan);
}

}  // namespace espalier::ui
