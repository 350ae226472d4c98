// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/score_estimate.h"

#include <algorithm>
#include <chrono>

#include "core/data/dataset_torch.h"
#include "core/data/empty_split.h"
#include "core/data/slice.h"
#include "core/measure/criterion_scores.h"
#include "core/prune/channel_criterion.h"
#include "core/prune/criterion.h"

namespace espalier::measure {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kFew = 8;       // samples
constexpr double kTooLongSeconds = 1;  // for another try with more

/// How long the scores of a slice's samples take to measure.
Result<double> scoreSeconds(const model::Snapshot& snapshot, const data::Dataset& dataset,
                            const ScanOptions& options, data::Slice slice, RunControl& control) {
    const model::SnapshotPtr borrowed(model::SnapshotPtr(), &snapshot);
    const prune::ScoreKey key{snapshot.weightsHash(), options.criterionName(),
                              data::toString(slice), options.seed};
    const auto start = Clock::now();
    const auto scores = measureScores(
        borrowed, dataset, {.key = key, .device = options.device, .metrics = options.metrics}, {},
        control);
    if (!scores) return scores.error();
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Of all the samples that the criterion looks at: what a few take, and what a few more add to it.
Result<double> allScoresSeconds(const model::Snapshot& snapshot, const data::Dataset& dataset,
                                const ScanOptions& options, const data::Slice& whole,
                                RunControl& control) {
    const std::int64_t count = whole.end - whole.begin;
    const auto timed = [&](std::int64_t samples) {
        return scoreSeconds(snapshot, dataset, options,
                            {whole.split, whole.begin, whole.begin + samples}, control);
    };
    const std::int64_t few = std::min(kFew, count);
    if (auto warmUp = timed(few); !warmUp) return warmUp;
    const auto ofFew = timed(few);
    if (!ofFew || few == count) return ofFew;
    const std::int64_t more = std::min(4 * few, count);
    if (*ofFew > kTooLongSeconds)
        return *ofFew * static_cast<double>(count) / static_cast<double>(few);
    const auto ofMore = timed(more);
    if (!ofMore || more == count) return ofMore;
    const double each = std::max(0.0, *ofMore - *ofFew) / static_cast<double>(more - few);
    return *ofMore + each * static_cast<double>(count - more);
}

/// The samples that the criterion will look at: as many as there are.
Result<data::Slice> scoredSlice(const data::Dataset& dataset, const ScanOptions& options) {
    auto slice =
        data::parseSlice(options.rankedOn.empty() ? prune::kDefaultData : options.rankedOn);
    if (!slice) return slice;
    const std::int64_t available = data::sampleCount(dataset, slice->split);
    if (available <= slice->begin)
        return data::emptySplit("Cannot estimate the scan", dataset.info(), slice->split);
    slice->end = std::min(slice->end, available);
    return slice;
}

}  // namespace

bool missesScores(const model::Snapshot& snapshot, const ScanOptions& options) {
    const auto info = options.structure == Structure::Weights
                          ? prune::findWeightCriterion(options.criterionName())
                          : prune::findChannelCriterion(options.criterionName());
    if (!info || !info->isMeasured()) return false;
    return !options.scores.find(
        {snapshot.weightsHash(), options.criterionName(), options.rankedOn, options.seed});
}

Result<ScoreEstimate> estimateScores(const model::Snapshot& snapshot, const data::Dataset& dataset,
                                     const ScanOptions& options, RunControl& control) {
    const auto slice = scoredSlice(dataset, options);
    if (!slice) return slice.error();
    const auto seconds = allScoresSeconds(snapshot, dataset, options, *slice, control);
    if (!seconds) return seconds.error();
    return ScoreEstimate{*seconds, slice->end - slice->begin};
}

}  // namespace espalier::measure
