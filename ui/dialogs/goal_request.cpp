// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/dialogs/goal_request.h"

#include <set>
#include <utility>

#include "core/base/format.h"
#include "core/measure/latency.h"

namespace espalier::ui {

namespace {

using prune::Quantity;
using prune::Structure;

constexpr double kLatencySeconds = 2;
constexpr std::size_t kFrontPoints = 19;

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

double amountOf(Quantity quantity, Structure structure, const prune::Footprint& footprint) {
    const bool isCut = structure == Structure::Channels;
    switch (quantity) {
        case Quantity::Parameters:
            return static_cast<double>(footprint.parameters);
        case Quantity::Macs:
            return static_cast<double>(isCut ? footprint.macs : footprint.macsEffective);
        case Quantity::Bytes:
            return static_cast<double>(isCut ? footprint.bytesDense : footprint.bytesCompressed);
        default:
            return static_cast<double>(footprint.nonzeros);
    }
}

Quantity frontQuantity(const prune::Goal& goal, Structure structure) {
    if (goal.quantity == Quantity::Latency) return Quantity::Macs;
    if (goal.quantity != Quantity::Drop) return goal.quantity;
    return structure == Structure::Channels ? Quantity::Macs : Quantity::NonZeros;
}

namespace {

/// Where plans change: drops that were measured, `kFrontPoints` of them at most.
std::vector<double> dropLevels(const std::map<std::string, prune::DropCurve>& curves, double most) {
    std::set<double> known{0};
    for (const auto& [name, curve] : curves) {
        for (const prune::DropPoint& point : curve) {
            if (point.drop > 0 && point.drop <= most) known.insert(point.drop);
        }
    }
    const std::vector<double> all(known.begin(), known.end());
    if (all.size() <= kFrontPoints) return all;
    std::vector<double> levels;
    for (std::size_t i = 0; i < kFrontPoints; ++i)
        levels.push_back(all[i * (all.size() - 1) / (kFrontPoints - 1)]);
    return levels;
}

Result<std::vector<FrontPoint>> dropFront(const GoalRequest& request,
                                          const prune::GoalOptions& options,
                                          const prune::ChannelFacts& facts, double most,
                                          RunControl& control) {
    const Quantity axis = frontQuantity(request.goal, options.structure);
    const double whole =
        amountOf(axis, options.structure, prune::denseFootprint(*request.snapshot));
    std::vector<FrontPoint> front;
    for (const double level : dropLevels(options.curves, most)) {
        const auto made = prune::planFor({Quantity::Drop, level}, options, *request.snapshot,
                                         request.plan, facts, control);
        if (!made) return made.error();
        const double left = amountOf(axis, options.structure, made->footprint) / whole;
        if (made->drop) front.push_back({level, left, *made->drop});
    }
    return front;
}

Result<std::vector<FrontPoint>> countedFront(const GoalRequest& request,
                                             const prune::GoalOptions& options,
                                             const prune::ChannelFacts& facts,
                                             RunControl& control) {
    const Quantity axis = frontQuantity(request.goal, options.structure);
    const auto points =
        prune::goalFront(axis, options, *request.snapshot, request.plan, facts, control);
    if (!points) return points.error();
    const bool isChosen = axis == request.goal.quantity;
    std::vector<FrontPoint> front;
    for (const prune::GoalPoint& point : *points) {
        const auto target = isChosen ? std::optional(point.left) : std::nullopt;
        front.push_back({target, point.left, point.drop});
    }
    return front;
}

}  // namespace

Result<GoalFronts> frontsOf(GoalRequest request, const std::vector<prune::Allocation>& allocations,
                            double mostDrop, RunControl& control) {
    const auto facts = factsOf(request, control);
    if (!facts) return facts.error();
    const bool isDrop = request.goal.quantity == Quantity::Drop;
    GoalFronts fronts;
    for (const prune::Allocation allocation : allocations) {
        request.options.allocation = allocation;
        const auto options = optionsOf(request, control);
        if (!options) return options.error();
        auto front = isDrop ? dropFront(request, *options, *facts, mostDrop, control)
                            : countedFront(request, *options, *facts, control);
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
