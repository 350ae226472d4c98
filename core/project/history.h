// SPDX-License-Identifier: GPL-3.0-or-later
// The tree of everything that was done to a model: opened, pinned, fine-tuned, tried. Weights are
// shared when unchanged.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/data/dataset.h"
#include "core/measure/evaluate.h"
#include "core/measure/latency.h"
#include "core/model/snapshot.h"
#include "core/prune/plan.h"
#include "core/train/fine_tune.h"

namespace espalier::project {

struct NodeTag;
using NodeId = StrongId<NodeTag>;

enum class Operation {
    Open,
    Pin,
    FineTune,
    Commit,  ///< a masked or cut model that was written and opened again, to go on from there
    Trial    ///< a plan that was measured, remembered to be compared with others
};

/// What is known of a node's quality; empty = not measured.
struct Metrics {
    std::optional<measure::Evaluation> evaluation{};
    std::optional<data::DataSpec> data{};  ///< that the evaluation is on
    std::optional<measure::Latency> latency{};
    int latencyRun = 0;  ///< latencies of one run were measured in turns; 0: none
    bool operator==(const Metrics&) const = default;
};

/// What a fine-tune node came from.
struct Tuning {
    train::Recipe recipe;          ///< that was followed
    int epochs = 0;                ///< finished
    int bestEpoch = 0;             ///< whose weights the node has
    measure::Evaluation before{};  ///< validation, before the first step
    measure::Evaluation after{};   ///< validation, of the best epoch
    bool operator==(const Tuning&) const = default;
};

struct Node {
    NodeId id;
    NodeId parent;  ///< invalid for the root
    Operation operation = Operation::Open;
    std::string name;  ///< for people: "lenet5.pt", "fine-tuned 5 epochs"
    model::SnapshotPtr snapshot;
    prune::PlanPtr plan;
    Metrics metrics;
    std::vector<train::TrainSample> training;  ///< of a fine-tune node
    std::optional<Tuning> tuning{};            ///< likewise; sessions of old have none
    std::chrono::system_clock::time_point made;
    bool isPinned = false;  ///< it cannot be removed, nor can what it comes from
};

/// A value: cheap to copy (nodes are shared), edited by making a new one. Ids stay valid for ever,
/// those of removed nodes too: what still refers to one finds it.
class History {
public:
    static History opened(model::SnapshotPtr snapshot, prune::PlanPtr plan);
    /// As it was saved: the root first, a parent before its children. Ids are given by place.
    static History of(std::vector<Node> nodes);

    /// Those of the tree, oldest first: a parent comes before its children.
    std::vector<std::shared_ptr<const Node>> nodes() const;
    bool has(NodeId id) const;  ///< in the tree
    const Node& node(NodeId id) const;
    NodeId root() const { return {0}; }
    std::vector<NodeId> children(NodeId id) const;
    std::vector<NodeId> subtree(NodeId id) const;  ///< the node and all that came from it

    // A new node hangs below `parent`, or where that was removed below what it came from.
    struct Added;
    Added pinned(NodeId parent, prune::PlanPtr plan, std::string name) const;
    /// `data`: what the training was measured on.
    Added fineTuned(NodeId parent, prune::PlanPtr plan, const train::TrainResult& result,
                    std::string name, std::optional<data::DataSpec> data = {}) const;
    History withRecipe(NodeId id, const train::Recipe& recipe) const;  ///< of a fine-tune node
    /// `snapshot` is the model as it was written; its plan starts empty.
    Added committed(NodeId parent, model::SnapshotPtr snapshot, std::string name) const;
    /// Trials stand side by side below the node whose weights they prune, not one below the other.
    Added tried(NodeId parent, prune::PlanPtr plan, std::string name, Metrics metrics) const;
    History withMetrics(NodeId id, Metrics metrics) const;
    History renamed(NodeId id, std::string name) const;
    History withPin(NodeId id, bool isPinned) const;

    /// Whether the node can be removed with all that came from it, while `current` is where one is.
    /// Errors: BadArgument, naming the node that has to stay.
    Result<void> checkRemoval(NodeId id, NodeId current) const;
    History without(const std::vector<NodeId>& ids) const;
    History restored(const std::vector<NodeId>& ids) const;  ///< undoes `without`

private:
    Added added(Node node) const;
    template <class Edit>
    History edited(NodeId id, Edit edit) const;

    std::vector<std::shared_ptr<const Node>> m_nodes;  ///< index = id
    std::set<NodeId> m_removed;
};

struct History::Added {
    History history;
    NodeId id;
};

}  // namespace espalier::project
