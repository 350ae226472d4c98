// SPDX-License-Identifier: GPL-3.0-or-later
// Accuracy and loss of a (masked) model on a split of a dataset.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/data/dataset.h"
#include "core/measure/metric.h"
#include "core/model/snapshot.h"
#include "core/prune/masks.h"

namespace espalier::measure {

struct EvaluateOptions {
    data::Split split = data::Split::Validation;
    std::int64_t batchSize = 256;
    std::int64_t maxSamples = 0;  ///< 0: all
    std::string device = "auto";  ///< auto, cpu, cuda, cuda:1 …
    MetricOptions metrics{};
    /// The model that agreement is with; null: the one that is evaluated, without masks.
    model::SnapshotPtr reference{};
};

struct ClassAccuracy {
    std::string name;
    std::int64_t samples = 0;
    std::int64_t correct = 0;
    bool operator==(const ClassAccuracy&) const = default;
};

/// Ratios 0..1.
struct Evaluation {
    data::Split split = data::Split::Validation;
    std::int64_t samples = 0;
    double loss = 0;  ///< mean per sample of Metric::loss; cross-entropy and kl in nats
    double top1 = 0;  ///< of Metric::Kind::Agreement: agreement; NaN when not measured, as the next
    double top5 = 0;  ///< equals 1 when there are at most five classes
    std::vector<ClassAccuracy> classes;  ///< empty without labels
    double seconds = 0;
    Metric metric{};
    double score = 0;  ///< of `metric`
    std::vector<std::string>
        notes{};  ///< for people: those of Fit, and outputs that are no numbers

    bool operator==(const Evaluation&) const = default;
};

/// What data and model leave open although they fit, for people: fewer classes than outputs.
struct Fit {
    std::vector<std::string> notes{};
    bool operator==(const Fit&) const = default;
};

/// Whether the model takes these samples and its output can be judged; runs one batch of two.
/// Errors: Mismatch, naming both shapes or both class counts, and what to change; those of
/// metricFor and of JudgeModule::load.
Result<Fit> checkFit(const model::Snapshot& snapshot, const data::Dataset& dataset,
                     const MetricOptions& metrics = {});

/// `masks` may be null (the snapshot as it is). The sum runs in double precision, in the split's
/// order; a module's loss or metric is the mean over batches, by their samples. Errors: those of
/// checkFit, of the model and of the reference; Unsupported (a module of other arguments);
/// BadArgument (an unknown device); Mismatch (an empty split, a reference that returns other
/// shapes, a label that there is no score for); Cancelled.
Result<Evaluation> evaluate(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                            const data::Dataset& dataset, const EvaluateOptions& options,
                            const EventSink<>& events, RunControl& control);

}  // namespace espalier::measure
