// SPDX-License-Identifier: GPL-3.0-or-later
// What the goal dialog asks its jobs for.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/base/events.h"
#include "core/prune/goal.h"
#include "ui/document/channel_facts.h"
#include "ui/document/resolve_plan.h"

namespace espalier::ui {

/// The order of all weights, made by the first job that needs it.
struct OrderOnce {
    std::mutex mutex;
    prune::WeightOrderPtr order;
};

/// Everything is copied: made on the GUI thread, used on a worker.
struct GoalRequest {
    model::SnapshotPtr snapshot;
    prune::Plan plan;
    FoundGroupsPtr found;
    prune::Goal goal;
    prune::GoalOptions options;
    std::shared_ptr<OrderOnce> order;  ///< shared by all requests of a dialog
};

/// Errors: those of prune::planFor.
Result<prune::GoalPlan> planFor(const GoalRequest& request, RunControl& control);

/// What a footprint holds of a counted quantity, as goals count it.
double amountOf(prune::Quantity quantity, prune::Structure structure,
                const prune::Footprint& footprint);

/// What goals are drawn over: what is not counted, over what it follows from.
prune::Quantity frontQuantity(const prune::Goal& goal, prune::Structure structure);

/// A goal, what it leaves of frontQuantity (0..1), and what that would lose, as GoalPoint::drop.
struct FrontPoint {
    std::optional<double> target{};  ///< as Goal::target; none: drawn over something else
    double left = 1;
    double drop = 0;
};

/// Goals of all sizes, by how they are spread.
using GoalFronts = std::map<prune::Allocation, std::vector<FrontPoint>>;
/// Of a Drop by measured levels up to `mostDrop`. Errors: those of prune::goalFront and planFor.
Result<GoalFronts> frontsOf(GoalRequest request, const std::vector<prune::Allocation>& allocations,
                            double mostDrop, RunControl& control);

/// Cuts the model as a plan says and times it beside the dense one. Takes seconds; `events` are
/// told the how manieth try it is.
prune::LatencyShare latencyShareOf(const PlanSubject& dense, const EventSink<>& events);

}  // namespace espalier::ui
