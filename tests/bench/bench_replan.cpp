// SPDX-License-Identifier: GPL-3.0-or-later
// How long a move of a channel slider takes: choosing channels, counting costs, the footprint.
//
// bench_replan MODEL.pt [SPEC…]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/prune/channel_choice.h"
#include "core/prune/channel_costs.h"
#include "core/prune/footprint.h"

namespace {

using namespace espalier;
using Clock = std::chrono::steady_clock;

double millisecondsSince(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

template <class T>
T must(Result<T> result) {
    if (result) return std::move(result).value();
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
}

struct Model {
    model::SnapshotPtr snapshot;
    channels::ChannelGroupsPtr groups;
    prune::ChannelCostsPtr costs;
    prune::ChannelScoresPtr scores;
};

prune::Footprint replan(const Model& model, double ratio) {
    RunControl control;
    prune::Plan start;
    start.channelDefaults.allowInexact = true;
    const auto plan = must(prune::withChannelsEverywhere(*model.groups, start, ratio,
                                                         prune::Scope::Global, model.scores));
    const auto choice = must(prune::chooseChannels(model.groups, plan, model.scores));
    const auto cut = model.costs->after(choice->kept());
    const auto removed = prune::expectedRemoved(*model.snapshot, plan, cut, nullptr);
    return prune::footprint(*model.snapshot, removed, cut);
}

void print(const char* what, Clock::time_point start) {
    std::printf("%-28s %8.2f ms\n", what, millisecondsSince(start));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    RunControl control;
    model::OpenOptions options;
    for (int i = 2; i < argc; ++i) options.inputs.push_back(must(script::parseInputSpec(argv[i])));
    Model model;
    model.snapshot = must(model::openSnapshot(argv[1], options, {}, control));
    auto start = Clock::now();
    model.groups = must(channels::analyse(model.snapshot, control));
    print("analyse", start);
    start = Clock::now();
    model.costs = must(prune::channelCosts(model.groups));
    print("make costs", start);
    for (const char* criterion : {"l2", "fpgm"}) {
        start = Clock::now();
        model.scores = must(prune::channelScores(*model.groups, {criterion}, control));
        print(criterion, start);
    }
    std::vector<double> times;
    for (int i = 1; i < 50; ++i) {
        start = Clock::now();
        const auto cost = replan(model, i / 50.0);
        times.push_back(millisecondsSince(start));
        if (i == 25)
            std::printf("at 50 %%: %lld parameters, %lld MACs\n",
                        static_cast<long long>(cost.parameters), static_cast<long long>(cost.macs));
    }
    std::sort(times.begin(), times.end());
    std::printf("replan: median %.2f ms, slowest %.2f ms\n", times[times.size() / 2], times.back());
    return 0;
}
