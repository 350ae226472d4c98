// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/scan_estimate.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/format.h"
#include "core/base/time_text.h"
#include "core/measure/runtime.h"
#include "core/measure/scan_clock.h"
#include "core/measure/scan_key_torch.h"
#include "core/measure/scan_setup_torch.h"
#include "core/measure/score_estimate.h"

namespace espalier::measure {

namespace {

constexpr std::int64_t kFirstTry = 8;       // samples
constexpr std::int64_t kRead = 64;          // samples, for the time that reading takes
constexpr double kLongEnoughSeconds = 0.2;  // for the clock, and for few samples to stand for many

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Of the whole model, per sample. The first pass reads and sets up kernels and memory; the quicker
/// of two more counts, for other programs may have come in between. Few samples say little, so
/// there are more and more of them.
Result<double> forwardSeconds(const ScanSetup& setup, RunControl& control) {
    const std::int64_t most = std::min(setup.slice.samples, setup.slice.batchSize);
    for (std::int64_t samples = std::min(kFirstTry, most);; samples = std::min(4 * samples, most)) {
        PrefixRunner::Slice slice = setup.slice;
        slice.samples = slice.batchSize = samples;
        PrefixRunner runner(setup.program, setup.placement, *setup.dataset, slice);
        double seconds = std::numeric_limits<double>::infinity();
        for (const bool counts : {false, true, true}) {
            const auto start = Clock::now();
            const auto figures = runner.evaluate(
                setup.objective.figures, [](std::int64_t) {}, control);
            if (!figures) return figures.error();
            if (counts) seconds = std::min(seconds, secondsSince(start));
        }
        if (seconds >= kLongEnoughSeconds || samples == most)
            return seconds / static_cast<double>(samples);
    }
}

/// Per sample; the last ones, which nothing has looked at yet.
Result<double> readSeconds(const ScanSetup& setup) {
    const std::int64_t count = std::min(kRead, setup.slice.samples);
    std::vector<std::int64_t> last(static_cast<std::size_t>(count));
    std::iota(last.begin(), last.end(), setup.slice.samples - count);
    const auto start = Clock::now();
    try {
        setup.dataset->batch(setup.slice.split, last);
    } catch (const std::exception& exception) {
        return dataIsGone(*setup.dataset, exception);
    }
    return secondsSince(start) / static_cast<double>(count);
}

/// Of ranking and masking a target, once: the quicker of two tries.
Result<double> maskSeconds(const ScanSetup& setup, const ScanTarget& target, RunControl& control) {
    double seconds = std::numeric_limits<double>::infinity();
    for (int i = 0; i < 2; ++i) {
        const auto start = Clock::now();
        const auto masks = setup.targets.masks(target, 0.5, control);
        if (!masks) return masks.error();
        seconds = std::min(seconds, secondsSince(start));
    }
    return seconds;
}

double weightsOf(const model::Snapshot& snapshot, const ScanTarget& target) {
    double weights = 0;
    for (const auto& name : target.parameters) {
        const auto layer = snapshot.find(name);
        weights += layer ? static_cast<double>(snapshot.layer(*layer).weightCount) : 0;
    }
    return weights;
}

/// What the masks of all levels that are left take: timed for the smallest and the largest target,
/// in proportion between them.
Result<double> allMasksSeconds(const model::Snapshot& snapshot, const ScanSetup& setup,
                               const ScanClock& clock, RunControl& control) {
    const auto& targets = setup.targets.all();
    std::vector<double> weights;
    for (const auto& target : targets) weights.push_back(weightsOf(snapshot, target));
    const auto [smallest, largest] = std::ranges::minmax_element(weights);
    const auto placeOf = [&](auto at) { return static_cast<std::size_t>(at - weights.begin()); };
    const auto least = maskSeconds(setup, targets[placeOf(smallest)], control);
    if (!least) return least;
    const auto most = maskSeconds(setup, targets[placeOf(largest)], control);
    if (!most) return most;
    const double perWeight =
        *largest > *smallest ? std::max(0.0, *most - *least) / (*largest - *smallest) : 0;
    double seconds = 0;
    for (std::size_t i = 0; i < weights.size(); ++i)
        seconds += clock.levelsLeft(i) * (*least + perWeight * (weights[i] - *smallest));
    return seconds;
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

/// Adds what comes before the first evaluation.
Result<void> addScores(ScanEstimate& estimate, const model::Snapshot& snapshot,
                       const data::Dataset& dataset, const ScanOptions& options,
                       RunControl& control) {
    const at::AutoGradMode gradients(true);
    const auto scores = estimateScores(snapshot, dataset, options, control);
    if (!scores) return scores.error();
    estimate.seconds += scores->seconds;
    estimate.scored = cat(options.criterionName(), " on ", exactCount(scores->samples), " samples");
    return {};
}

/// Adds what the evaluations that are left take, and what is done for each.
Result<void> addEvaluations(ScanEstimate& estimate, const model::Snapshot& snapshot,
                            const ScanSetup& setup, ScanClock& clock, bool isDenseKnown,
                            RunControl& control) {
    const auto forward = forwardSeconds(setup, control);
    if (!forward) return forward.error();
    const auto read = readSeconds(setup);
    if (!read) return read.error();
    const auto masks = allMasksSeconds(snapshot, setup, clock, control);
    if (!masks) return masks.error();
    const auto samples = static_cast<double>(estimate.samples);
    clock.measured(1, *forward * samples);
    estimate.seconds += clock.secondsLeft() + *read * samples + *masks;
    if (isDenseKnown) return {};
    estimate.seconds += *forward * samples;
    ++estimate.evaluations;
    return {};
}

}  // namespace

std::string roughTime(double seconds) {
    if (seconds < 1) return "under a second";
    const double unit = seconds < 90 ? 1 : 60;
    return timeText(unit * static_cast<double>(std::lround(seconds / unit)));
}

std::string describe(const ScanEstimate& estimate) {
    const std::string what =
        cat(estimate.targets,
            estimate.structure == Structure::Weights ? " weight tensor" : " channel group",
            estimate.targets == 1 ? "" : "s");
    if (estimate.evaluations == 0 && estimate.scored.empty())
        return cat("All is measured already, for ", what);
    const std::string time =
        cat(estimate.seconds < 1 ? "Takes " : "About ", roughTime(estimate.seconds), ": ");
    if (estimate.evaluations == 0)
        return cat(time, estimate.scored, "; all else is measured already, for ", what);
    return cat(time, estimate.scored, estimate.scored.empty() ? "" : ", then ", "some ",
               exactCount(estimate.evaluations),
               estimate.evaluations == 1 ? " evaluation" : " evaluations", " of ",
               exactCount(estimate.samples), " samples for ", what);
}

Result<ScanEstimate> estimateScan(const model::Snapshot& snapshot,
                                  const channels::ChannelGroupsPtr& groups,
                                  const data::Dataset& dataset, const ScanOptions& options,
                                  const ScanMemory& memory, RunControl& control) {
    return guarded("Cannot estimate the scan", [&]() -> Result<ScanEstimate> {
        const at::NoGradGuard noGradients;
        const KeepFreedMemory keepFreedMemory;
        // What ranks does not change what it costs: the usual criterion stands in for scores.
        const bool needsScores = missesScores(snapshot, options);
        ScanOptions ranked = options;
        if (needsScores) ranked.criterion.clear();
        auto setup = ScanSetup::make(snapshot, groups, dataset, ranked, control);
        if (!setup) return setup.error();
        if (needsScores)
            setup->key = scanKey(snapshot, *setup->dataset, options, setup->slice.samples,
                                 setup->objective.figures, groups.get());
        ScanClock clock(setup->shares, options.levels);
        const auto dense = memory.find(pointKey(setup->key, {}, 0));
        for (std::size_t target = 0; dense && target < setup->shares.size(); ++target)
            recall(*setup, target, options, memory, *dense, clock);
        ScanEstimate estimate{.evaluations = clock.levelsExpected() - clock.levelsKnown(),
                              .targets = std::ssize(setup->shares),
                              .samples = setup->slice.samples,
                              .structure = options.structure};
        if (needsScores) {
            if (auto added = addScores(estimate, snapshot, dataset, options, control); !added)
                return added.error();
        }
        if (dense && estimate.evaluations == 0) return estimate;
        if (auto added =
                addEvaluations(estimate, snapshot, *setup, clock, dense.has_value(), control);
            !added) {
            return added.error();
        }
        return estimate;
    });
}

}  // namespace espalier::measure
