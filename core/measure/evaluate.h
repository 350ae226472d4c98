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
#include "core/model/snapshot.h"
#include "core/prune/masks.h"

namespace espalier::measure {

struct EvaluateOptions {
    data::Split split = data::Split::Validation;
    std::int64_t batchSize = 256;
    std::int64_t maxSamples = 0;  ///< 0: all
    std::string device = "auto";  ///< auto, cpu, cuda, cuda:1 …
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
    double loss = 0;  ///< mean cross-entropy per sample, nats
    double top1 = 0;
    double top5 = 0;  ///< equals 1 when there are at most five classes
    std::vector<ClassAccuracy> classes;
    double seconds = 0;

    bool operator==(const Evaluation&) const = default;
};

/// Whether the model takes these samples and gives a score per class; runs one batch of two.
/// Errors: Mismatch, naming both shapes or both class counts, and what to change.
Result<void> checkFit(const model::Snapshot& snapshot, const data::Dataset& dataset);

/// `masks` may be null (the snapshot as it is). The sum runs in double precision, in the split's
/// order. Errors: Mismatch (checkFit), BadArgument (an empty split, an unknown device), Cancelled.
Result<Evaluation> evaluate(const model::Snapshot& snapshot, const prune::MasksPtr& masks,
                            const data::Dataset& dataset, const EvaluateOptions& options,
                            const EventSink<>& events, RunControl& control);

}  // namespace espalier::measure
