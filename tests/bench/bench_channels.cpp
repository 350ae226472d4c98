// SPDX-License-Identifier: GPL-3.0-or-later
// What the channel analysis finds in a model, and how long it takes.
//
// bench_channels MODEL.pt… [--ratio R] [--brief] [--input SPEC]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include <ATen/Parallel.h>

#include "core/channels/analysis_torch.h"
#include "core/channels/boxes_torch.h"
#include "core/model/snapshot_torch.h"

namespace {

using namespace espalier;

struct Options {
    double ratio = 0.5;
    bool isBrief = false;
    std::vector<script::InputSpec> inputs;
};

double secondsSince(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void printGroup(const channels::Group& group) {
    std::printf("  %-34s width %4lld heads %2lld %s%s  %s\n", group.key.c_str(),
                static_cast<long long>(group.width), static_cast<long long>(group.heads),
                group.exact ? "exact" : "INEXACT", group.locked ? " LOCKED" : "",
                group.reason.c_str());
    for (const auto& member : group.members) {
        std::printf("      %s axis %d %s (%zu)\n", member.parameter.c_str(), member.axis,
                    std::string(channels::nameOf(member.role)).c_str(), member.indices.size());
    }
}

/// Parameters that are left when every exact group keeps 1 - ratio of its channels.
void printCut(const channels::ChannelGroups& groups, double ratio, bool withInexact) {
    auto kept = channels::allChannels(groups);
    for (const auto& group : groups.groups()) {
        if (group.locked || (!withInexact && !group.exact)) continue;
        const auto keep = std::max<std::int64_t>(
            1, group.width - static_cast<std::int64_t>(ratio * static_cast<double>(group.width)));
        kept.groups[group.id.index()].resize(static_cast<std::size_t>(keep));
    }
    const auto start = std::chrono::steady_clock::now();
    const auto boxes = channels::boxesFor(groups, kept);
    const auto seconds = secondsSince(start);
    if (!boxes) {
        std::printf("  boxes: %s\n", boxes.error().text().c_str());
        return;
    }
    std::int64_t before = 0;
    std::int64_t after = 0;
    for (const auto& item : groups.snapshot()->state().module.named_parameters()) {
        before += item.value.numel();
        auto left = item.value.numel();
        const auto box = boxes->parameters.find(item.name);
        if (box != boxes->parameters.end()) {
            for (const auto& cut : box->second) {
                left = left / cut.before * static_cast<std::int64_t>(cut.kept.size());
            }
        }
        after += left;
    }
    std::printf("  %s at %.0f %%: parameters %lld -> %lld (-%.1f %%), boxes %.1f ms\n",
                withInexact ? "all" : "exact", ratio * 100, static_cast<long long>(before),
                static_cast<long long>(after),
                100 * (1 - static_cast<double>(after) / static_cast<double>(before)),
                seconds * 1e3);
}

void report(const std::string& path, const Options& options) {
    RunControl control;
    model::OpenOptions open;
    open.inputs = options.inputs;
    const auto snapshot = model::openSnapshot(path, open, {}, control);
    if (!snapshot) {
        std::printf("%s: %s\n", path.c_str(), snapshot.error().text().c_str());
        return;
    }
    const auto start = std::chrono::steady_clock::now();
    const auto groups = channels::analyse(*snapshot, control);
    const auto seconds = secondsSince(start);
    if (!groups) {
        std::printf("%s: %s\n", path.c_str(), groups.error().text().c_str());
        return;
    }
    const auto& state = (*groups)->state();
    int open_ = 0;
    int inexact = 0;
    for (const auto& group : (*groups)->groups()) {
        open_ += group.locked ? 0 : 1;
        inexact += !group.locked && !group.exact ? 1 : 0;
    }
    std::printf(
        "%s: %zu steps, %zu groups, %d open (%d inexact), %.3f s (run %.3f "
        "groups %.3f)\n",
        path.c_str(), state.trace.steps.size(), (*groups)->groups().size(), open_, inexact, seconds,
        state.seconds.run, state.seconds.groups);
    if (!options.isBrief) {
        for (const auto& group : (*groups)->groups()) printGroup(group);
    }
    std::set<std::string> reasons;
    for (const auto& [parameter, why] : state.frozen) {
        if (why.find("is not known") != std::string::npos) reasons.insert(why);
    }
    for (const auto& reason : reasons) std::printf("  ! %s\n", reason.c_str());
    printCut(**groups, options.ratio, false);
    printCut(**groups, options.ratio, true);
}

}  // namespace

int main(int argc, char** argv) {
    at::set_num_threads(1);
    Options options;
    std::vector<std::string> models;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--ratio") == 0 && i + 1 < argc) {
            options.ratio = std::atof(argv[++i]);
        } else if (std::strcmp(argv[i], "--brief") == 0) {
            options.isBrief = true;
        } else if (std::strcmp(argv[i], "--input") == 0 && i + 1 < argc) {
            const auto spec = script::parseInputSpec(argv[++i]);
            if (spec) options.inputs.push_back(*spec);
        } else {
            models.emplace_back(argv[i]);
        }
    }
    for (const auto& model : models) report(model, options);
    return 0;
}
