// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/history.h"

#include <utility>

namespace espalier::project {

History History::opened(model::SnapshotPtr snapshot, prune::PlanPtr plan) {
    Node root;
    root.operation = Operation::Open;
    root.name = snapshot->file().name();
    root.snapshot = std::move(snapshot);
    root.plan = std::move(plan);
    return History().added(std::move(root)).history;
}

const Node& History::node(NodeId id) const {
    return *m_nodes.at(id.index());
}

std::vector<NodeId> History::children(NodeId id) const {
    std::vector<NodeId> found;
    for (const auto& node : m_nodes) {
        if (node->parent == id && node->id != id) found.push_back(node->id);
    }
    return found;
}

History::Added History::pinned(NodeId parent, prune::PlanPtr plan, std::string name) const {
    Node pin;
    pin.parent = parent;
    pin.operation = Operation::Pin;
    pin.name = std::move(name);
    pin.snapshot = node(parent).snapshot;
    pin.plan = std::move(plan);
    return added(std::move(pin));
}

History::Added History::fineTuned(NodeId parent, prune::PlanPtr plan,
                                  const train::TrainResult& result, std::string name) const {
    Node tuned;
    tuned.parent = parent;
    tuned.operation = Operation::FineTune;
    tuned.name = std::move(name);
    tuned.snapshot = result.best;
    tuned.plan = std::move(plan);
    tuned.metrics.evaluation = result.after;
    tuned.training = result.samples;
    return added(std::move(tuned));
}

History::Added History::committed(NodeId parent, model::SnapshotPtr snapshot,
                                  std::string name) const {
    Node written;
    written.parent = parent;
    written.operation = Operation::Commit;
    written.name = std::move(name);
    written.plan = std::make_shared<const prune::Plan>(prune::emptyPlan(*snapshot));
    written.snapshot = std::move(snapshot);
    return added(std::move(written));
}

History History::withMetrics(NodeId id, Metrics metrics) const {
    auto changed = std::make_shared<Node>(node(id));
    changed->metrics = std::move(metrics);
    History next = *this;
    next.m_nodes[id.index()] = std::move(changed);
    return next;
}

History History::renamed(NodeId id, std::string name) const {
    auto changed = std::make_shared<Node>(node(id));
    changed->name = std::move(name);
    History next = *this;
    next.m_nodes[id.index()] = std::move(changed);
    return next;
}

History::Added History::added(Node node) const {
    History next = *this;
    node.id = NodeId{static_cast<int>(m_nodes.size())};
    const NodeId id = node.id;
    next.m_nodes.push_back(std::make_shared<const Node>(std::move(node)));
    return {std::move(next), id};
}

}  // namespace espalier::project
