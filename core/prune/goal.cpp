// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/goal.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/format.h"
#include "core/prune/allocation.h"

namespace espalier::prune {

namespace {

constexpr std::string_view kWhat = "Cannot reach the goal";
/// When a search ends.
struct Patience {
    int trials = 40;
    double tolerance = 1e-4;  // of the dense model: nearer to the target is near enough
};
constexpr Patience kCounted;
constexpr Patience kMeasured{8, 0.01};  // each trial cuts and times a model
constexpr int kFrontPoints = 19;
constexpr std::array<std::string_view, 6> kQuantities{"nonzeros", "parameters", "macs",
                                                      "bytes",    "latency",    "drop"};
constexpr std::array<std::string_view, 4> kAllocations{"uniform", "global", "erk", "sensitivity"};

Error refused(std::string why, std::string hint) {
    return {Error::Kind::BadArgument, std::string(kWhat), std::move(why), std::move(hint)};
}

Result<void> check(const Goal& goal, const GoalOptions& options) {
    // A drop may be in a unit that knows no end.
    const bool isDrop = goal.quantity == Quantity::Drop && std::isfinite(goal.target);
    if (!(goal.target >= 0 && (goal.target <= 1 || isDrop))) {
        return refused(cat("the target ", goal.target, " is out of range"),
                       isDrop ? "Use 0 or more" : "Use 0 to 1");
    }
    if (goal.quantity == Quantity::Drop && options.allocation != Allocation::Sensitivity) {
        return refused(
            cat("only measured curves say what ", nameOf(options.allocation), " would lose"),
            "Spread by sensitivity");
    }
    if (goal.quantity == Quantity::Parameters && options.structure == Structure::Weights) {
        return refused("weights that are zero are parameters still",
                       "Set a goal for non-zeros, or remove channels");
    }
    if (goal.quantity == Quantity::Latency && options.structure == Structure::Weights) {
        return refused("zeros in a weight do not make the model faster", "Remove channels");
    }
    if (goal.quantity == Quantity::Latency && !options.latencyShare)
        return refused("nothing measures the latency here", "Set a goal for MACs");
    return {};
}

/// What the shares of a plan lose together, if each loses what it lost alone; sums know no end,
/// while a metric has one.
std::optional<double> summedDrop(const std::vector<Share>& shares,
                                 const std::map<std::string, DropCurve>& curves) {
    double sum = 0;
    for (const Share& share : shares) {
        if (share.removed <= 0) continue;
        const auto curve = curves.find(share.name);
        const auto drop =
            curve == curves.end() ? std::nullopt : dropAt(curve->second, share.removed);
        if (!drop) return {};
        sum += std::max(0.0, *drop);
    }
    return std::min(sum, largestDrop(curves));
}

/// One strength tried.
struct Trial {
    Plan plan;
    ChannelChoicePtr choice;  // null where no channel goes
    Footprint footprint;
};

class Search {
public:
    Search(const Goal& goal, const GoalOptions& options, const model::Snapshot& snapshot,
           const ChannelFacts& channels, RunControl& control)
        : m_goal(goal),
          m_options(options),
          m_snapshot(snapshot),
          m_channels(channels),
          m_control(control),
          m_dense(denseFootprint(snapshot)),
          m_patience(goal.quantity == Quantity::Latency ? kMeasured : kCounted) {}

    Result<GoalPlan> run(const Spread& spread) {
        if (m_goal.quantity == Quantity::Drop) return at(spread, m_goal.target);
        const auto most = leftAt(spread, spread.most);
        if (!most) return most.error();
        if (*most > m_goal.target) return tooFar(*most);
        const auto whole = leftAt(spread, 0);
        if (!whole) return whole.error();
        const auto strength = *whole <= m_goal.target
                                  ? Result<double>(0)
                                  : between({0, *whole}, {spread.most, *most}, spread);
        if (!strength) return strength.error();
        return at(spread, *strength);
    }

private:
    struct End {
        double strength = 0;
        double left = 0;
    };

    /// The least strength that is enough, by the Illinois method: what is left falls nearly in
    /// proportion to the strength.
    Result<double> between(End few, End enough, const Spread& spread) {
        double weightOfFew = 1;
        double weightOfEnough = 1;
        for (int i = 0; i < m_patience.trials && m_goal.target - enough.left > m_patience.tolerance;
             ++i) {
            const double over = weightOfFew * (few.left - m_goal.target);
            const double under = weightOfEnough * (m_goal.target - enough.left);
            const double share = std::clamp(over / (over + under), 0.01, 0.99);
            const double middle = few.strength + share * (enough.strength - few.strength);
            const auto left = leftAt(spread, middle);
            if (!left) return left.error();
            const bool isEnough = *left <= m_goal.target;
            (isEnough ? enough : few) = {middle, *left};
            // The end that stays counts half from its second time on.
            weightOfFew = isEnough ? weightOfFew / 2 : 1;
            weightOfEnough = isEnough ? 1 : weightOfEnough / 2;
        }
        return enough.strength;
    }

    Result<double> leftAt(const Spread& spread, double strength) {
        const auto known = m_left.find(strength);
        if (known != m_left.end()) return known->second;
        const auto trial = tried(spread, strength);
        if (!trial) return trial.error();
        auto share = left(**trial);
        if (share) m_left[strength] = *share;
        return share;
    }

    /// The one that the search ends with is among those that it has made.
    Result<std::shared_ptr<const Trial>> tried(const Spread& spread, double strength) {
        if (!m_control.keepGoing()) return Error{Error::Kind::Cancelled, "Stopped", "", ""};
        if (const auto known = m_trials.find(strength); known != m_trials.end())
            return known->second;
        auto plan = spread.plan(strength);
        if (!plan) return plan.error();
        auto choice = choiceOf(*plan);
        if (!choice) return choice.error();
        const CutCosts cut =
            *choice ? m_channels.costs->after((*choice)->kept()) : uncut(m_snapshot);
        const auto removed = expectedRemoved(m_snapshot, *plan, cut, nullptr);
        auto footprint = prune::footprint(m_snapshot, removed, cut);
        auto trial =
            std::make_shared<const Trial>(Trial{*std::move(plan), *std::move(choice), footprint});
        m_trials.emplace(strength, trial);
        return trial;
    }

    Result<ChannelChoicePtr> choiceOf(const Plan& plan) const {
        if (!plan.hasChannels() || m_channels.groups == nullptr) return ChannelChoicePtr();
        return chooseChannels(m_channels.groups, plan, m_channels.scores);
    }

    /// What is left, as a share of the dense model.
    Result<double> left(const Trial& trial) const {
        const bool isCut = m_options.structure == Structure::Channels;
        const Footprint& now = trial.footprint;
        const auto share = [](std::int64_t part, std::int64_t whole) {
            return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
        };
        switch (m_goal.quantity) {
            case Quantity::Parameters:
                return share(now.parameters, m_dense.parameters);
            case Quantity::Macs:
                return share(isCut ? now.macs : now.macsEffective, m_dense.macs);
            case Quantity::Bytes:
                return isCut ? share(now.bytesDense, m_dense.bytesDense)
                             : share(now.bytesCompressed, m_dense.bytesCompressed);
            case Quantity::Latency:
                if (now.parameters == m_dense.parameters) return 1.0;
                return m_options.latencyShare(trial.plan, m_control);
            default:
                return share(now.nonzeros, m_dense.nonzeros);
        }
    }

    Result<GoalPlan> at(const Spread& spread, double strength) {
        const auto trial = tried(spread, strength);
        if (!trial) return trial.error();
        const auto reached = m_goal.quantity == Quantity::Drop ? Result<double>(m_goal.target)
                                                               : leftAt(spread, strength);
        if (!reached) return reached.error();
        GoalPlan result{(*trial)->plan, (*trial)->footprint, *reached, {}, {}};
        if (m_options.structure == Structure::Weights) {
            for (const model::Layer& layer : m_snapshot.layers()) {
                const auto rule = result.plan.weights.find(layer.name);
                if (rule == result.plan.weights.end()) continue;
                result.shares.push_back(
                    {layer.name, rule->second.value, spread.why(layer.name, strength)});
            }
        } else if (const ChannelChoicePtr& choice = (*trial)->choice) {
            for (const channels::Group& group : m_channels.groups->groups()) {
                if (!result.plan.channels.contains(group.key)) continue;
                const auto& own = choice->of(group.id);
                result.shares.push_back(
                    {group.key,
                     1 - static_cast<double>(own.reached()) / static_cast<double>(own.width),
                     spread.why(group.key, strength)});
            }
        }
        if (!m_options.curves.empty()) result.drop = summedDrop(result.shares, m_options.curves);
        return result;
    }

    Error tooFar(double nearest) const {
        return {Error::Kind::Infeasible, std::string(kWhat),
                cat(significant(100 * m_goal.target, 3), "\u2009% of the ", nameOf(m_goal.quantity),
                    " were to be left; ", percent(nearest), " is as few as there can be"),
                cat("Leave at least ", percent(nearest),
                    ", unlock layers, or combine channels with weights")};
    }

    const Goal& m_goal;
    const GoalOptions& m_options;
    const model::Snapshot& m_snapshot;
    const ChannelFacts& m_channels;
    RunControl& m_control;
    Footprint m_dense;
    Patience m_patience;
    std::map<double, std::shared_ptr<const Trial>> m_trials;  // by strength
    std::map<double, double> m_left;  // likewise: measuring again would give another number
};

}  // namespace

std::string_view nameOf(Quantity quantity) {
    return kQuantities.at(static_cast<std::size_t>(quantity));
}

std::string_view nameOf(Allocation allocation) {
    return kAllocations.at(static_cast<std::size_t>(allocation));
}

Result<GoalPlan> planFor(const Goal& goal, const GoalOptions& options,
                         const model::Snapshot& snapshot, const Plan& base,
                         const ChannelFacts& channels, RunControl& control) {
    return guarded(kWhat, [&]() -> Result<GoalPlan> {
        if (auto fine = check(goal, options); !fine) return fine.error();
        const auto spread = spreadBy(goal.quantity, options, snapshot, base, channels, control);
        if (!spread) return spread.error();
        return Search(goal, options, snapshot, channels, control).run(*spread);
    });
}

Result<std::vector<GoalPoint>> goalFront(Quantity quantity, const GoalOptions& options,
                                         const model::Snapshot& snapshot, const Plan& base,
                                         const ChannelFacts& channels, RunControl& control) {
    if (quantity == Quantity::Drop || quantity == Quantity::Latency)
        return refused(cat(nameOf(quantity), " is not counted"), "Choose another quantity");
    std::vector<GoalPoint> front;
    for (int i = kFrontPoints; i > 0; --i) {
        const Goal goal{quantity, i / (kFrontPoints + 1.0)};
        const auto made = planFor(goal, options, snapshot, base, channels, control);
        if (!made && made.error().kind == Error::Kind::Infeasible) break;
        if (!made) return made.error();
        if (!made->drop) break;
        const bool isSame = !front.empty() && made->reached >= front.back().left;
        if (isSame) continue;  // what costs nothing goes in any case
        front.push_back({made->reached, *made->drop});
    }
    return front;
}

}  // namespace espalier::prune
