// SPDX-License-Identifier: GPL-3.0-or-later
// What undo and redo swap, and what edits are made of.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include <QString>

#include "core/project/history.h"
#include "core/prune/plan.h"

namespace espalier::ui {

/// Where the window is: a node of the history and the plan on top of it.
struct State {
    project::NodeId node;
    prune::PlanPtr plan;
};

/// What an edit is called, and with which others it is one.
struct UndoStep {
    QString text{};
    QString mergeKey{};  ///< of the edit before it, when both are one; empty: on its own
};

/// Rules of several layers; none: keep everything.
using LayerRules = std::vector<std::pair<model::LayerId, std::optional<prune::WeightRule>>>;

}  // namespace espalier::ui
