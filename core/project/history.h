// SPDX-License-Identifier: GPL-3.0-or-later
// The tree of everything that was done to a model: opened, pinned, fine-tuned. Weights are shared
// when unchanged.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
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
    Commit  ///< a masked or cut model that was written and opened again, to go on from there
};

/// What is known of a node's quality; empty = not measured.
struct Metrics {
    std::optional<measure::Evaluation> evaluation;
    std::optional<measure::Latency> latency;
    bool operator==(const Metrics&) const = default;
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
};

/// A value: cheap to copy (nodes are shared), edited by making a new one. Ids stay valid for ever.
class History {
public:
    static History opened(model::SnapshotPtr snapshot, prune::PlanPtr plan);

    const std::vector<std::shared_ptr<const Node>>& nodes() const { return m_nodes; }
    const Node& node(NodeId id) const;
    NodeId root() const { return {0}; }
    std::vector<NodeId> children(NodeId id) const;

    struct Added;
    Added pinned(NodeId parent, prune::PlanPtr plan, std::string name) const;
    Added fineTuned(NodeId parent, prune::PlanPtr plan, const train::TrainResult& result,
                    std::string name) const;
    /// `snapshot` is the model as it was written; its plan starts empty.
    Added committed(NodeId parent, model::SnapshotPtr snapshot, std::string name) const;
    History withMetrics(NodeId id, Metrics metrics) const;
    History renamed(NodeId id, std::string name) const;

private:
    Added added(Node node) const;
    std::vector<std::shared_ptr<const Node>> m_nodes;  ///< index = id
};

struct History::Added {
    History history;
    NodeId id;
};

}  // namespace espalier::project
