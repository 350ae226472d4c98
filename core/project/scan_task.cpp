// SPDX-License-Identifier: GPL-3.0-or-later
#include <optional>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/exchange/scan_cache.h"
#include "core/exchange/scan_files.h"
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

}  // namespace

Result<measure::Sensitivity> runScan(const ScanSpec& spec,
                                     const EventSink<measure::ScanPoint>& events,
                                     RunControl& control) {
    if (auto sound = checkTargets({spec.model, spec.data.path}, {spec.output, spec.log}); !sound)
        return sound.error();
    const EventSink<> steps{events.onProgress, {}};
    auto dataset = openData(spec.data, control);
    if (!dataset) return dataset.error();
    auto snapshot = openFor(spec.model, {.inputs = spec.inputs}, **dataset, steps, control);
    if (!snapshot) return snapshot.error();
    auto groups = groupsFor(spec, *snapshot, steps, control);
    if (!groups) return groups.error();

    const auto options = withScores(spec.options, *snapshot, **dataset, steps, control);
    if (!options) return options.error();

    std::optional<exchange::ScanLog> log;
    if (!spec.log.empty()) {
        auto created = exchange::ScanLog::create(spec.log);
        if (!created) return created.error();
        log.emplace(std::move(*created));
    }
    const EventSink<measure::ScanPoint> logged{events.onProgress,
                                               [&](const measure::ScanPoint& point) {
                                                   if (log) log->append(point);
                                                   events.publish(point);
                                               }};
    auto cache = exchange::ScanCache::forModel(**snapshot);
    auto sensitivity =
        measure::scanSensitivity(**snapshot, *groups, **dataset, *options, cache, logged, control);
    if (!sensitivity) return sensitivity;
    noteMetric(*sensitivity);
    const auto notes = data::info(**dataset).notes;
    sensitivity->notes.insert(sensitivity->notes.end(), notes.begin(), notes.end());
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
