// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/measure/criterion_scores.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

#include "core/base/format.h"
#include "core/data/slice.h"
#include "core/measure/device_torch.h"
#include "core/measure/runtime.h"
#include "core/measure/score_meter_torch.h"
#include "core/prune/channel_criterion.h"
#include "core/prune/criterion.h"

namespace espalier::measure {

namespace {

using prune::CriterionInfo;

const MeasuredCriterion* find(std::string_view name) {
    static const std::array kTable{measuredTaylor(), measuredGradient(),   measuredFisher(),
                                   measuredWanda(),  measuredActivation(), measuredApoz()};
    const auto found = std::ranges::find(kTable, name, &MeasuredCriterion::name);
    return found == kTable.end() ? nullptr : &*found;
}

/// Those of weights and channels that look at samples, not at labels.
std::string criteriaWithoutLabels() {
    std::string names;
    for (const auto& info : prune::weightCriteria()) {
        if (info.needs == CriterionInfo::Needs::Inputs) names += cat(info.name, ", ");
    }
    for (const auto& info : prune::channelCriteria()) {
        const bool isNamed = names.find(info.name + ",") != std::string::npos;
        if (info.needs == CriterionInfo::Needs::Inputs && !isNamed) names += cat(info.name, ", ");
    }
    return names;
}

bool needsLabels(std::string_view criterion) {
    const auto ofWeights = prune::findWeightCriterion(criterion);
    const auto info = ofWeights ? ofWeights : prune::findChannelCriterion(criterion);
    return info && info->needs == CriterionInfo::Needs::Labels;
}

std::string whatOf(const ScoreOptions& options) {
    return cat("Cannot measure the scores of ", options.key.criterion);
}

Result<void> check(const model::Snapshot& snapshot, const ScoreOptions& options) {
    if (!find(options.key.criterion)) {
        return Error{Error::Kind::BadArgument, whatOf(options),
                     cat("\"", options.key.criterion, "\" is no criterion that needs data"), ""};
    }
    if (options.key.weightsHash != snapshot.weightsHash()) {
        return Error{Error::Kind::Mismatch, whatOf(options), "they are of other weights",
                     "Ask for those of the weights that are shown"};
    }
    return {};
}

/// Whether the criterion's gradients can be had on this data.
Result<void> checkLabels(const model::Snapshot& snapshot, const data::Dataset& dataset,
                         const ScoreOptions& options) {
    if (!needsLabels(options.key.criterion)) return {};
    if (dataset.info().targets == data::Targets::None) {
        return Error{
            Error::Kind::Mismatch, whatOf(options),
            cat("it takes gradients of a loss, and ", dataset.info().name, " has no labels"),
            cat("Use a criterion without labels: ", criteriaWithoutLabels(),
                "or one of weights alone; or attach data with labels")};
    }
    MetricOptions metrics = options.metrics;
    metrics.metric = metrics.loss.empty() ? "" : "loss";  // gradients are of the loss alone
    if (auto fits = checkFit(snapshot, dataset, metrics); !fits) return fits.error();
    return {};
}

/// Deals the samples to the meter.
Result<void> feed(ScoreMeter& meter, const data::Dataset& dataset, data::Split split,
                  std::span<const std::int64_t> samples, std::int64_t batchSize, Progress progress,
                  const EventSink<>& events, RunControl& control) {
    const KeepFreedMemory keepFreedMemory;
    const auto start = std::chrono::steady_clock::now();
    progress.total = std::ssize(samples);
    while (progress.done < progress.total) {
        if (!control.keepGoing()) return Error{Error::Kind::Cancelled, "Stopped", "", ""};
        const auto own = samples.subspan(
            static_cast<std::size_t>(progress.done),
            static_cast<std::size_t>(std::min(batchSize, progress.total - progress.done)));
        data::Batch batch;
        try {
            batch = dataset.batch(split, own);
        } catch (const data::ReadError& gone) {
            return gone.error();
        }
        if (auto added = meter.add(batch, control); !added) return added;
        progress.done += std::ssize(own);
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
        progress.secondsLeft = spent.count() / static_cast<double>(progress.done) *
                               static_cast<double>(progress.total - progress.done);
        events.progress(progress);
    }
    return {};
}

}  // namespace

Result<prune::ScoresPtr> measureScores(const model::SnapshotPtr& snapshot,
                                       const data::Dataset& dataset, const ScoreOptions& options,
                                       const EventSink<>& events, RunControl& control) {
    if (auto sound = check(*snapshot, options); !sound) return sound.error();
    const auto slice = data::parseSlice(options.key.data);
    if (!slice) return slice.error();
    const auto samples = data::indicesOf(dataset, *slice, options.key.seed);
    if (!samples) return samples.error();
    return guarded(whatOf(options), [&]() -> Result<prune::ScoresPtr> {
        const auto device = findDevice(options.device);
        if (!device) return device.error();
        if (auto fits = checkLabels(*snapshot, dataset, options); !fits) return fits.error();
        const auto objective = makeObjective(options.metrics, dataset.info(), *device, control);
        if (!objective) return objective.error();
        const auto model = makeScoredModel(snapshot, *objective, *device, control);
        if (!model) return model.error();
        const MeasuredCriterion& criterion = *find(options.key.criterion);
        const auto meter = criterion.makeMeter(*model);
        const Progress progress{
            cat("Measuring ", options.key.criterion, " on ", std::ssize(*samples), " samples"), 0,
            0, -1};
        if (auto fed = feed(*meter, dataset, slice->split, *samples, criterion.batchSize, progress,
                            events, control);
            !fed) {
            return fed.error();
        }
        auto state = std::make_shared<prune::ScoreState>();
        state->key = options.key;
        state->samples = std::ssize(*samples);
        meter->finish(state->samples, *state);
        return std::make_shared<const prune::Scores>(std::move(state));
    });
}

}  // namespace espalier::measure
