// SPDX-License-Identifier: GPL-3.0-or-later
// From "half of the MACs" or "lose at most one point" to a plan with a rule per layer or group.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/prune/channel_choice.h"
#include "core/prune/channel_costs.h"
#include "core/prune/footprint.h"
#include "core/prune/plan.h"
#include "core/prune/scores.h"
#include "core/prune/weight_order.h"

namespace espalier::prune {

/// What a goal counts. Where weights are pruned, MACs are effective ones and bytes those of the
/// compressed file; where channels are, both are the real ones.
enum class Quantity {
    NonZeros,
    Parameters,  ///< only removed channels change it
    Macs,
    Bytes,
    Latency,  ///< of a forward pass, really measured; only removed channels change it
    Drop      ///< of the metric, as each layer alone lost it; only by sensitivity
};

/// How much of each layer or group goes.
enum class Allocation {
    Uniform,     ///< the same share of each
    Global,      ///< one threshold on all scores
    ErdosRenyi,  ///< density ∝ sum of the weight's sizes / their product (Mocanu et al. 2018,
                 ///< kernel form Evci et al. 2020, section 3); weights alone
    Sensitivity  ///< the same drop of the metric in each, read off its measured curve
};

enum class Structure { Weights, Channels };

struct Goal {
    Quantity quantity = Quantity::NonZeros;
    /// What may be left, as a share of the dense model's (0..1); for Drop the drop itself, in the
    /// metric's unit (0.01 is one point of accuracy).
    double target = 0.5;
};

/// One measured level of a layer or group: what the metric lost when that share alone was removed.
struct DropPoint {
    double sparsity = 0;  ///< 0..1
    double drop = 0;      ///< may be negative
    bool operator==(const DropPoint&) const = default;
};
/// Ascending in sparsity; {0, 0} is implied.
using DropCurve = std::vector<DropPoint>;

/// What the metric loses at `sparsity`, with straight lines between points; none beyond the last.
std::optional<double> dropAt(const DropCurve& curve, double sparsity);

/// The largest sparsity before the curve first exceeds `drop`, with straight lines between points;
/// at most that of the last point. 0 for an empty curve.
double largestSparsity(const DropCurve& curve, double drop);

/// The largest measured sparsity before the curve first exceeds `drop`, to rounding (1e-9), as
/// measure::largestWithin has it. 0 when the first point exceeds it.
double largestMeasured(const DropCurve& curve, double drop);

/// How long the model takes under a plan, as a share of the dense one; measures it.
using LatencyShare = std::function<Result<double>(const Plan& plan, RunControl& control)>;

/// How a drop of the metric is told: of accuracies in points.
struct DropUnit {
    std::string name = "points";
    double perDrop = 100;
};

struct GoalOptions {
    Structure structure = Structure::Weights;
    Allocation allocation = Allocation::Uniform;
    std::int64_t multipleOf = 1;              ///< of channel counts
    std::map<std::string, DropCurve> curves;  ///< by layer name or group key; for Sensitivity
    DropUnit dropUnit{};                      ///< of the curves
    ScoreCache scores{};                      ///< at hand, for criteria that need data
    LatencyShare latencyShare{};              ///< asked for Latency alone, a few times
    /// Of the weights that Global ranks, at hand; null: made anew, which takes a second for ten
    /// million weights.
    WeightOrderPtr order{};
};

/// A model's channels, as they are needed where channels go or have gone; null members otherwise.
struct ChannelFacts {
    channels::ChannelGroupsPtr groups;
    ChannelCostsPtr costs;
    ChannelScoresPtr scores;
};

/// One line of the plan, for people.
struct Share {
    std::string name;    ///< of the layer or the group's key; shares are in the model's order
    double removed = 0;  ///< 0..1
    std::string why;
    bool operator==(const Share&) const = default;
};

struct GoalPlan {
    Plan plan;  ///< an ordinary one: a sparsity per layer, or a rule per group
    Footprint footprint;
    double reached = 0;  ///< in the goal's own unit
    /// An estimate, as GoalPoint::drop; none without curves, or beyond what they have measured.
    std::optional<double> drop{};
    std::vector<Share> shares;
};

/// The plan that removes least and still reaches `goal`: `base` with new rules for everything that
/// is prunable and not locked. `reached` never exceeds the target. By sensitivity, what no level
/// loses anything by goes in any case; a Drop takes measured levels alone. A latency is met as well
/// as it can be measured, to 1 %.
///
/// Errors: BadArgument (target out of range; a quantity that the structure cannot change;
/// Erdős–Rényi for channels; Drop by another allocation than Sensitivity), Infeasible (says how far
/// it can go), Mismatch (Sensitivity without curves), those of withSparsityEverywhere and
/// withChannelsEverywhere, Cancelled.
Result<GoalPlan> planFor(const Goal& goal, const GoalOptions& options,
                         const model::Snapshot& snapshot, const Plan& base,
                         const ChannelFacts& channels, RunControl& control);

/// How small against how good: what a goal would leave, and what that would lose.
struct GoalPoint {
    double left = 0;  ///< of the goal's quantity, as a share of the dense model's
    /// An estimate: the sum of what each layer or group lost alone, and never more than the most
    /// that one of them lost at any level, for the metric has an end.
    double drop = 0;
    bool operator==(const GoalPoint&) const = default;
};

/// Points for goals from nearly all to nearly nothing, descending in `left`; goals that cannot be
/// reached, or beyond what `options.curves` have measured, have none. Errors: those of planFor but
/// Infeasible; BadArgument for Drop and Latency.
Result<std::vector<GoalPoint>> goalFront(Quantity quantity, const GoalOptions& options,
                                         const model::Snapshot& snapshot, const Plan& base,
                                         const ChannelFacts& channels, RunControl& control);

/// "nonzeros", "parameters", "macs", "bytes", "latency", "drop"
std::string_view nameOf(Quantity quantity);
std::string_view nameOf(Allocation allocation);  ///< "uniform", "global", "erk", "sensitivity"

}  // namespace espalier::prune
