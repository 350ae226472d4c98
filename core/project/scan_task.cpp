// SPDX-License-Identifier: GPL-3.0-or-later
#include <optional>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/exchange/scan_cache.h"
#include "core/exchange/scan_files.h"
#include "core/measure/sampling_error.h"
#include "core/project/choice_scores.h"
#include "core/project/task_support.h"

namespace espalier::project {

namespace {

Result<channels::ChannelGroupsPtr> groupsFor(const ScanSpec& spec,
                                             const model::SnapshotPtr& snapshot,
                                             const EventSink<>& events, RunControl& control) {
    if (spec.options.structure == measure::Structure::Weights) return channels::ChannelGroupsPtr();
    events.progress({"Finding channel groups", 0, 0, -1});
    return channels::analyse(snapshot, control);
}

/// Columns keep their names whatever is measured.
void noteMetric(measure::Sensitivity& sensitivity) {
    const measure::Metric& metric = sensitivity.metric;
    if (metric.kind == measure::Metric::Kind::Agreement) {
        sensitivity.notes.emplace_back(
            "agreement with the dense model was measured: top1 is the share of samples with the "
            "same best class, top5 that of its best class among the five best, loss the "
            "mean KL divergence from it, in nats");
    } else if (metric.loss != "cross_entropy") {
        sensitivity.notes.push_back(cat("loss is ", metric.loss));
    }
}

/// What is measured is kept when the rest is not: that is said.
Error interrupted(Error error, std::int64_t measured) {
    const bool isGone = error.kind == Error::Kind::Unreadable;
    if ((error.kind != Error::Kind::Cancelled && !isGone) || measured == 0) return error;
    error.hint = cat(isGone ? "Bring the data back. " : "", "No CSV was written. ", measured,
                     measured == 1 ? " evaluation is" : " evaluations are",
                     " kept: the same command goes on from there");
    return error;
}

}  // namespace

Result<measure::Sensitivity> runScan(const ScanSpec& spec,
                                     const EventSink<measure::ScanPoint>& events,
                                     RunControl& control, const OnScanEstimate& onEstimate) {
    if (auto sound = checkTargets({spec.model, spec.data.path}, {spec.output, spec.log}); !sound)
        return sound.error();
    const EventSink<> steps{events.onProgress, {}};
    auto dataset = openData(spec.data, control);
    if (!dataset) return dataset.error();
    auto snapshot = openFor(spec.model, {.inputs = spec.inputs}, **dataset, steps, control);
    if (!snapshot) return snapshot.error();
    auto groups = groupsFor(spec, *snapshot, steps, control);
    if (!groups) return groups.error();

    const auto ranked = withRankedOn(spec.options, **snapshot, **dataset);
    if (!ranked) return ranked.error();

    std::optional<exchange::ScanLog> log;
    if (!spec.log.empty()) {
        auto created = exchange::ScanLog::create(spec.log);
        if (!created) return created.error();
        log.emplace(std::move(*created));
    }
    std::int64_t measured = 0;
    const EventSink<measure::ScanPoint> logged{events.onProgress,
                                               [&](const measure::ScanPoint& point) {
                                                   if (log) log->append(point);
                                                   if (!point.isRemembered) ++measured;
                                                   events.publish(point);
                                               }};
    auto cache = exchange::ScanCache::forModel(**snapshot);
    if (onEstimate) {
        const auto estimate =
            measure::estimateScan(**snapshot, *groups, **dataset, *ranked, cache, control);
        if (!estimate) return estimate.error();
        onEstimate(*estimate);
    }
    const auto options = withScores(*ranked, *snapshot, **dataset, steps, control);
    if (!options) return options.error();
    auto sensitivity =
        measure::scanSensitivity(**snapshot, *groups, **dataset, *options, cache, logged, control);
    if (!sensitivity) return interrupted(sensitivity.error(), measured);
    noteMetric(*sensitivity);
    if (spec.options.samples > sensitivity->samples)
        sensitivity->notes.push_back(
            fewerSamples(spec.options.split, sensitivity->samples, spec.options.samples));
    if (std::string note = measure::samplingNote(sensitivity->metric, sensitivity->dense.score,
                                                 sensitivity->samples, options->maxDrop);
        !note.empty()) {
        sensitivity->notes.push_back(std::move(note));
    }
    if (log) {
        if (auto whole = log->check(); !whole) return whole.error();
    }
    if (auto written = writeTextAtomically(
            spec.output, exchange::sensitivityToCsv(sensitivity->curves, sensitivity->metric));
        !written) {
        return written.error();
    }
    return sensitivity;
}

}  // namespace espalier::project
