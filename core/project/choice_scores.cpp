// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/choice_scores.h"

#include <algorithm>

#include "core/base/format.h"
#include "core/base/log.h"
#include "core/data/slice.h"
#include "core/measure/criterion_scores.h"
#include "core/prune/channel_criterion.h"
#include "core/prune/criterion.h"

namespace espalier::project {

namespace {

/// What is ranked by: of the plan's rules, and of the shares that are to become rules.
std::vector<prune::ScoreKey> keysOf(const model::Snapshot& snapshot, const prune::Plan& plan,
                                    const PruneChoice& choice) {
    auto keys = prune::scoresNeeded(snapshot, plan);
    const auto add = [&](const std::string& criterion, const Result<prune::CriterionInfo>& info) {
        if (!info || !info->isMeasured()) return;
        const prune::ScoreKey key = prune::scoreKey(snapshot, plan, criterion);
        if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    };
    if (choice.takesWeights())
        add(plan.weightCriterion, prune::findWeightCriterion(plan.weightCriterion));
    const std::string& ofChannels = plan.channelDefaults.criterion;
    if (choice.takesChannels()) add(ofChannels, prune::findChannelCriterion(ofChannels));
    return keys;
}

/// The split to choose on: never the test split, unless there is no other.
data::Split splitToChooseOn(const data::DatasetInfo& info) {
    if (info.train > 0) return data::Split::Train;
    return info.validation > 0 ? data::Split::Validation : data::Split::Test;
}

std::int64_t countOf(const data::DatasetInfo& info, data::Split split) {
    return split == data::Split::Train        ? info.train
           : split == data::Split::Validation ? info.validation
                                              : info.test;
}

}  // namespace

std::string fewerSamples(data::Split split, std::int64_t there, std::int64_t wanted) {
    return cat("The ", data::name(split), " split has ", exactCount(there),
               " samples for this, not ", exactCount(wanted), ": all of them are used");
}

Result<std::string> sliceToLookAt(const prune::Plan& plan, const data::Dataset& dataset,
                                  std::optional<std::int64_t> samples) {
    auto slice = data::parseSlice(plan.data.empty() ? prune::kDefaultData : plan.data);
    if (!slice) return slice.error();
    const data::DatasetInfo& info = data::info(dataset);
    if (plan.data.empty()) slice->split = splitToChooseOn(info);
    if (samples) slice->end = slice->begin + *samples;
    // As many as are really looked at; where none is there, measuring says so.
    const std::int64_t count = countOf(info, slice->split);
    if (samples && count > slice->begin && slice->end > count)
        log(LogLevel::Warning, fewerSamples(slice->split, count - slice->begin, *samples));
    if (count > slice->begin) slice->end = std::min(slice->end, count);
    return data::toString(*slice);
}

Result<prune::Plan> withData(const model::Snapshot& snapshot, prune::Plan plan,
                             const PruneChoice& choice, const data::Dataset* dataset) {
    const auto keys = keysOf(snapshot, plan, choice);
    if (keys.empty()) return plan;
    if (!dataset) return prune::needsData("Cannot rank what is to go", keys.front().criterion);
    const auto slice = sliceToLookAt(plan, *dataset, choice.samples);
    if (!slice) return slice.error();
    plan.data = *slice;
    return plan;
}

Result<prune::ScoreCache> scoresFor(const model::SnapshotPtr& snapshot, const prune::Plan& plan,
                                    const PruneChoice& choice, const ScoredOn& data,
                                    const EventSink<>& events, RunControl& control) {
    prune::ScoreCache cache;
    for (const prune::ScoreKey& key : keysOf(*snapshot, plan, choice)) {
        auto scores = measure::measureScores(
            snapshot, *data.dataset, {.key = key, .metrics = data.metrics}, events, control);
        if (!scores) return scores.error();
        cache.add(*scores);
    }
    return cache;
}

Result<measure::ScanOptions> withRankedOn(measure::ScanOptions options,
                                          const model::Snapshot& snapshot,
                                          const data::Dataset& dataset) {
    const std::string criterion = options.criterionName();
    const auto info = options.structure == prune::Structure::Weights
                          ? prune::findWeightCriterion(criterion)
                          : prune::findChannelCriterion(criterion);
    if (!info) return info.error();
    if (!info->isMeasured()) return options;
    const auto slice = sliceToLookAt(prune::emptyPlan(snapshot), dataset, {});
    if (!slice) return slice.error();
    options.rankedOn = *slice;
    return options;
}

Result<measure::ScanOptions> withScores(measure::ScanOptions given,
                                        const model::SnapshotPtr& snapshot,
                                        const data::Dataset& dataset, const EventSink<>& events,
                                        RunControl& control) {
    auto options = withRankedOn(std::move(given), *snapshot, dataset);
    if (!options || options->rankedOn.empty()) return options;
    prune::Plan plan = prune::emptyPlan(*snapshot);
    plan.seed = options->seed;
    plan.data = options->rankedOn;
    const prune::ScoreKey key = prune::scoreKey(*snapshot, plan, options->criterionName());
    if (options->scores.find(key)) return options;
    auto scores = measure::measureScores(
        snapshot, dataset, {.key = key, .metrics = options->metrics}, events, control);
    if (!scores) return scores.error();
    options->scores.add(*scores);
    return options;
}

}  // namespace espalier::project
