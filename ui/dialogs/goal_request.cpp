// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/goal_request.h"

#include <utility>

#include "core/base/format.h"
#include "core/measure/latency.h"

namespace espalier::ui {

namespace {

constexpr double kLatencySeconds = 2;

Result<prune::ChannelFacts> factsOf(const GoalRequest& request, RunControl& control) {
    prune::ChannelFacts facts;
    if (!request.found) return facts;
    facts.groups = request.found->groups;
    facts.costs = request.found->costs;
    auto scores = prune::channelScores(*facts.groups, prune::scoreOptions(request.plan), control,
                                       request.options.scores);
    if (!scores) return scores.error();
    facts.scores = *std::move(scores);
    return facts;
}

/// With the order of weights, if it takes one.
Result<prune::GoalOptions> optionsOf(const GoalRequest& request, RunControl& control) {
    prune::GoalOptions options = request.options;
    const bool isOrdered = options.allocation == prune::Allocation::Global &&
                           options.structure == prune::Structure::Weights && request.order;
    if (!isOrdered) return options;
    const std::lock_guard lock(request.order->mutex);
    if (!request.order->order) {
        auto order =
            prune::WeightOrder::make(*request.snapshot, request.plan, options.scores, control);
        if (!order) return order.error();
        request.order->order = *std::move(order);
    }
    options.order = request.order->order;
    return options;
}

}  // namespace

Result<prune::GoalPlan> planFor(const GoalRequest& request, RunControl& control) {
    const auto facts = factsOf(request, control);
    if (!facts) return facts.error();
    const auto options = optionsOf(request, control);
    if (!options) return options.error();
    return prune::planFor(request.goal, *options, *request.snapshot, request.plan, *facts, control);
}

Result<GoalFronts> frontsOf(GoalRequest request, const std::vector<prune::Allocation>& allocations,
                            RunControl& control) {
    const auto facts = factsOf(request, control);
    if (!facts) return facts.error();
    GoalFronts fronts;
    for (const prune::Allocation allocation : allocations) {
        request.options.allocation = allocation;
        const auto options = optionsOf(request, control);
        if (!options) return options.error();
        auto front = prune::goalFront(request.goal.quantity, *options, *request.snapshot,
                                      request.plan, *facts, control);
        if (!front) return front.error();
        fronts[allocation] = *std::move(front);
    }
    return fronts;
}

prune::LatencyShare latencyShareOf(const PlanSubject& dense, const EventSink<>& events) {
    return [dense, events, tries = std::make_shared<int>(0)](
               const prune::Plan& plan, RunControl& control) -> Result<double> {
        events.progress({cat("Cutting and timing the model, try ", ++*tries), 0, 0, -1});
        PlanSubject subject = dense;
        subject.plan = std::make_shared<const prune::Plan>(plan);
        subject.masks.reset();
        subject.choice.reset();
        const auto cut = cutSnapshot(subject, {}, control);
        if (!cut) return cut.error();
        const auto times =
            measure::measureLatency({{"dense", dense.snapshot, nullptr}, {"cut", *cut, nullptr}},
                                    {.maxSeconds = kLatencySeconds}, {}, control);
        if (!times) return times.error();
        return times->back().median / times->front().median;
    };
}

}  // namespace espalier::ui
