// SPDX-License-Identifier: GPL-3.0-or-later
// How long it takes to find the plan for a goal, with sensitivity curves at hand.
//
// bench_goal MODEL.pt [SPEC…]
// One line per way to spread and quantity: the median and the slowest of nine targets. The curves
// are made up (each layer falls at a place of its own): their shape does not change the work.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/prune/goal.h"

namespace {

using namespace espalier;
using namespace espalier::prune;
using Clock = std::chrono::steady_clock;

template <class T>
T must(Result<T> result) {
    if (result) return std::move(result).value();
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
}

/// 19 levels; flat up to a knee, which is at another level for each.
DropCurve madeUp(std::size_t number) {
    DropCurve curve;
    const double knee = 0.2 + 0.7 * std::fmod(0.618 * static_cast<double>(number + 1), 1.0);
    for (int level = 1; level <= 19; ++level) {
        const double sparsity = 0.05 * level;
        curve.push_back(
            {sparsity, 0.001 * sparsity + 2 * std::pow(std::max(0.0, sparsity - knee), 2)});
    }
    return curve;
}

void time(const model::Snapshot& snapshot, const Plan& base, const ChannelFacts& facts,
          const GoalOptions& options, Quantity quantity) {
    RunControl control;
    std::vector<double> times;
    for (int tenth = 9; tenth >= 1; --tenth) {
        const auto start = Clock::now();
        const auto made =
            planFor({quantity, tenth / 10.0}, options, snapshot, base, facts, control);
        if (!made && made.error().kind == Error::Kind::Infeasible) break;
        must(made);
        times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    }
    if (times.empty()) return;
    std::ranges::sort(times);
    std::printf("%-9s %-12s %-11s median %7.2f ms, slowest %7.2f ms, %zu targets\n",
                options.structure == Structure::Weights ? "weights" : "channels",
                nameOf(options.allocation).data(), nameOf(quantity).data(), times[times.size() / 2],
                times.back(), times.size());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "bench_goal MODEL.pt [SPEC…]\n");
        return 2;
    }
    RunControl control;
    model::OpenOptions open;
    for (int i = 2; i < argc; ++i) open.inputs.push_back(must(script::parseInputSpec(argv[i])));
    const auto snapshot = must(model::openSnapshot(argv[1], open, {}, control));
    Plan base = emptyPlan(*snapshot);
    base.channelDefaults.allowInexact = true;
    ChannelFacts facts;
    facts.groups = must(channels::analyse(snapshot, control));
    facts.costs = must(channelCosts(facts.groups));
    facts.scores = must(channelScores(*facts.groups, scoreOptions(base), control));

    GoalOptions options;
    for (const model::Layer& layer : snapshot->layers())
        options.curves[layer.name] = madeUp(options.curves.size());
    for (const Allocation allocation : {Allocation::Uniform, Allocation::ErdosRenyi,
                                        Allocation::Sensitivity, Allocation::Global}) {
        options.allocation = allocation;
        if (allocation == Allocation::Global) {
            const auto start = Clock::now();
            options.order = must(WeightOrder::make(*snapshot, base, {}, control));
            const std::chrono::duration<double, std::milli> took = Clock::now() - start;
            std::printf("sorting all weights, once: %.0f ms\n", took.count());
        }
        for (const Quantity quantity : {Quantity::NonZeros, Quantity::Macs, Quantity::Bytes})
            time(*snapshot, base, facts, options, quantity);
    }
    options.curves.clear();
    options.structure = Structure::Channels;
    for (const channels::Group& group : facts.groups->groups())
        options.curves[group.key] = madeUp(options.curves.size());
    for (const Allocation allocation :
         {Allocation::Uniform, Allocation::Sensitivity, Allocation::Global}) {
        options.allocation = allocation;
        for (const Quantity quantity : {Quantity::Parameters, Quantity::Macs, Quantity::Bytes})
            time(*snapshot, base, facts, options, quantity);
    }
}
