// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/history.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/base/format.h"

namespace espalier::project {

History History::opened(model::SnapshotPtr snapshot, prune::PlanPtr plan) {
    Node root;
    root.operation = Operation::Open;
    root.name = snapshot->file().name();
    root.snapshot = std::move(snapshot);
    root.plan = std::move(plan);
    return History().added(std::move(root)).history;
}

History History::of(std::vector<Node> nodes) {
    History history;
    for (Node& node : nodes) {
        node.id = NodeId{static_cast<int>(history.m_nodes.size())};
        history.m_nodes.push_back(std::make_shared<const Node>(std::move(node)));
    }
    return history;
}

std::vector<std::shared_ptr<const Node>> History::nodes() const {
    std::vector<std::shared_ptr<const Node>> found;
    std::ranges::copy_if(m_nodes, std::back_inserter(found),
                         [this](const auto& node) { return has(node->id); });
    return found;
}

bool History::has(NodeId id) const {
    return id.isValid() && id.index() < m_nodes.size() && !m_removed.contains(id);
}

const Node& History::node(NodeId id) const {
    return *m_nodes.at(id.index());
}

std::vector<NodeId> History::children(NodeId id) const {
    std::vector<NodeId> found;
    for (const auto& node : m_nodes) {
        if (node->parent == id && node->id != id && has(node->id)) found.push_back(node->id);
    }
    return found;
}

std::vector<NodeId> History::subtree(NodeId id) const {
    std::vector<NodeId> found{id};
    for (std::size_t next = 0; next < found.size(); ++next) {
        const auto below = children(found[next]);
        found.insert(found.end(), below.begin(), below.end());
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
    pin.isPinned = true;
    return added(std::move(pin));
}

History::Added History::fineTuned(NodeId parent, prune::PlanPtr plan,
                                  const train::TrainResult& result, std::string name,
                                  std::optional<data::DataSpec> data) const {
    Node tuned;
    tuned.parent = parent;
    tuned.operation = Operation::FineTune;
    tuned.name = std::move(name);
    tuned.snapshot = result.best;
    tuned.plan = std::move(plan);
    tuned.metrics.evaluation = result.after;
    tuned.metrics.data = std::move(data);
    tuned.training = result.samples;
    tuned.tuning = Tuning{{}, result.epochs, result.bestEpoch, result.before, result.after};
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

History::Added History::tried(NodeId parent, prune::PlanPtr plan, std::string name,
                              Metrics metrics) const {
    const Node& from = node(parent);
    Node trial;
    trial.parent = from.operation == Operation::Trial ? from.parent : parent;
    trial.operation = Operation::Trial;
    trial.name = std::move(name);
    trial.snapshot = from.snapshot;
    trial.plan = std::move(plan);
    trial.metrics = std::move(metrics);
    return added(std::move(trial));
}

template <class Edit>
History History::edited(NodeId id, Edit edit) const {
    auto changed = std::make_shared<Node>(node(id));
    edit(*changed);
    History next = *this;
    next.m_nodes[id.index()] = std::move(changed);
    return next;
}

History History::withMetrics(NodeId id, Metrics metrics) const {
    return edited(id, [&](Node& node) { node.metrics = std::move(metrics); });
}

History History::withRecipe(NodeId id, const train::Recipe& recipe) const {
    return edited(id, [&](Node& node) { node.tuning->recipe = recipe; });
}

History History::renamed(NodeId id, std::string name) const {
    return edited(id, [&](Node& node) { node.name = std::move(name); });
}

History History::withPin(NodeId id, bool isPinned) const {
    return edited(id, [&](Node& node) { node.isPinned = isPinned; });
}

Result<void> History::checkRemoval(NodeId id, NodeId current) const {
    const auto stays = [&](const Node& kept, const char* why, const char* hint) {
        return Error{Error::Kind::BadArgument, cat("Cannot delete ", node(id).name),
                     cat(kept.id == id ? std::string("it") : kept.name, why), hint};
    };
    if (id == root())
        return stays(node(id), " is the opened file", "Close the model to be rid of it");
    for (const NodeId below : subtree(id)) {
        if (below == current)
            return stays(node(below), " is where you are", "Go to another state first");
        if (node(below).isPinned) return stays(node(below), " is pinned", "Unpin it first");
    }
    return {};
}

History History::without(const std::vector<NodeId>& ids) const {
    History next = *this;
    next.m_removed.insert(ids.begin(), ids.end());
    return next;
}

History History::restored(const std::vector<NodeId>& ids) const {
    History next = *this;
    for (const NodeId id : ids) next.m_removed.erase(id);
    return next;
}

History::Added History::added(Node node) const {
    History next = *this;
    node.id = NodeId{static_cast<int>(m_nodes.size())};
    node.made = std::chrono::system_clock::now();
    while (node.parent.isValid() && m_removed.contains(node.parent))
        node.parent = this->node(node.parent).parent;
    const NodeId id = node.id;
    next.m_nodes.push_back(std::make_shared<const Node>(std::move(node)));
    return {std::move(next), id};
}

}  // namespace espalier::project
