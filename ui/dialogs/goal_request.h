// SPDX-License-Identifier: GPL-3.0-or-later
// What the goal dialog asks its jobs for.
#pragma once

#include <map>
#include <memory>
#include <mutex>
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

/// Goals of all sizes, by how they are spread.
using GoalFronts = std::map<prune::Allocation, std::vector<prune::GoalPoint>>;
/// Errors: those of prune::goalFront.
Result<GoalFronts> frontsOf(GoalRequest request, const std::vector<prune::Allocation>& allocations,
                            RunControl& control);

/// Cuts the model as a plan says and times it beside the dense one. Takes seconds; `events` are
/// told the how manieth try it is.
prune::LatencyShare latencyShareOf(const PlanSubject& dense, const EventSink<>& events);

}  // namespace espalier::ui
