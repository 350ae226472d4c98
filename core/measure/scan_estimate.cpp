// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/scan_estimate.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/base/format.h"
#include "core/measure/runtime.h"
#include "core/measure/scan_clock.h"
#include "core/measure/scan_key_torch.h"
#include "core/measure/scan_setup_torch.h"
#include "core/prune/channel_criterion.h"
#include "core/prune/criterion.h"

namespace espalier::measure {

namespace {

constexpr std::int64_t kFirstTry = 8;       // samples
constexpr double kLongEnoughSeconds = 0.2;  // for the clock, and for few samples to stand for many

/// Per sample.
struct Pace {
    double read = 0;     ///< once in a scan
    double forward = 0;  ///< the whole model
};

double secondsOf(PrefixRunner& runner, const ScanMetric& metric, Result<ScanFigures>& figures,
                 RunControl& control) {
    const auto start = std::chrono::steady_clock::now();
    figures = runner.evaluate(
        metric, [](std::int64_t) {}, control);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Each number of samples twice: samples are read the first time alone.
Result<Pace> measurePace(const ScanSetup& setup, RunControl& control) {
    const std::int64_t most = std::min(setup.slice.samples, setup.slice.batchSize);
    for (std::int64_t samples = std::min(kFirstTry, most);; samples = std::min(4 * samples, most)) {
        PrefixRunner::Slice slice = setup.slice;
        slice.samples = slice.batchSize = samples;
        PrefixRunner runner(setup.program, setup.placement, *setup.dataset, slice);
        Result<ScanFigures> figures = ScanFigures{};
        const double first = secondsOf(runner, setup.objective.figures, figures, control);
        if (!figures) return figures.error();
        const double second = secondsOf(runner, setup.objective.figures, figures, control);
        if (!figures) return figures.error();
        if (second < kLongEnoughSeconds && samples < most) continue;
        const auto count = static_cast<double>(samples);
        return Pace{std::max(0.0, first - second) / count, second / count};
    }
}

/// Tells `clock` what is remembered of a target.
void recall(const ScanSetup& setup, std::size_t target, const ScanOptions& options,
            const ScanMemory& memory, const ScanFigures& dense, ScanClock& clock) {
    KneeSearch search(options.maxDrop, options.levels);
    while (const auto level = search.next()) {
        const auto known =
            memory.find(pointKey(setup.key, setup.targets.all()[target].name, *level));
        if (!known) return;
        search.add(*level, setup.objective.metric.drop(dense.score, known->score));
        clock.levelKnown(target);
    }
    clock.targetDone(target);
}

/// The criterion that weights alone are enough for, where scores are not at hand.
ScanOptions withoutScores(ScanOptions options) {
    const auto info = options.structure == Structure::Weights
                          ? prune::findWeightCriterion(options.criterionName())
                          : prune::findChannelCriterion(options.criterionName());
    if (info && info->isMeasured() && options.rankedOn.empty()) options.criterion.clear();
    return options;
}

}  // namespace

std::string roughTime(double seconds) {
    if (seconds < 1) return "under a second";
    if (seconds < 90) return cat(std::lround(seconds), " s");
    const auto minutes = std::lround(seconds / 60);
    if (minutes < 90) return cat(minutes, " min");
    return minutes % 60 == 0 ? cat(minutes / 60, " h")
                             : cat(minutes / 60, " h ", minutes % 60, " min");
}

std::string describe(const ScanEstimate& estimate) {
    const std::string what =
        cat(estimate.targets,
            estimate.structure == Structure::Weights ? " weight tensor" : " channel group",
            estimate.targets == 1 ? "" : "s");
    if (estimate.evaluations == 0) return cat("All is measured already, for ", what);
    const std::string time = roughTime(estimate.seconds);
    return cat(estimate.seconds < 1 ? "Takes " : "About ", time, ": some ",
               exactCount(estimate.evaluations),
               estimate.evaluations == 1 ? " evaluation" : " evaluations", " of ",
               exactCount(estimate.samples), " samples for ", what);
}

Result<ScanEstimate> estimateScan(const model::Snapshot& snapshot,
                                  const channels::ChannelGroupsPtr& groups,
                                  const data::Dataset& dataset, const ScanOptions& given,
                                  const ScanMemory& memory, RunControl& control) {
    return guarded("Cannot estimate the scan", [&]() -> Result<ScanEstimate> {
        const at::NoGradGuard noGradients;
        const KeepFreedMemory keepFreedMemory;
        const ScanOptions options = withoutScores(given);
        const auto setup = ScanSetup::make(snapshot, groups, dataset, options, control);
        if (!setup) return setup.error();
        ScanClock clock(setup->shares, options.levels);
        const auto dense = memory.find(pointKey(setup->key, {}, 0));
        for (std::size_t target = 0; dense && target < setup->shares.size(); ++target)
            recall(*setup, target, options, memory, *dense, clock);
        ScanEstimate estimate{.evaluations = clock.levelsExpected() - clock.levelsKnown(),
                              .targets = std::ssize(setup->shares),
                              .samples = setup->slice.samples,
                              .structure = options.structure};
        if (dense && estimate.evaluations == 0) return estimate;
        const auto pace = measurePace(*setup, control);
        if (!pace) return pace.error();
        const double whole = pace->forward * static_cast<double>(estimate.samples);
        clock.measured(1, whole);
        estimate.seconds = clock.secondsLeft() + pace->read * static_cast<double>(estimate.samples);
        if (!dense) {
            estimate.seconds += whole;
            ++estimate.evaluations;
        }
        return estimate;
    });
}

}  // namespace espalier::measure
