// SPDX-License-Identifier: GPL-3.0-or-later
// The measured scores that a choice of what is pruned ranks by.
#pragma once

#include "core/base/events.h"
#include "core/base/run_control.h"
#include "core/data/dataset.h"
#include "core/measure/sensitivity.h"
#include "core/project/specs.h"
#include "core/prune/scores.h"

namespace espalier::project {

/// The data that scores are measured on, and how; `dataset` may be null.
struct ScoredOn {
    const data::Dataset* dataset = nullptr;
    measure::MetricOptions metrics{};
};

/// "The validation split has 600 samples for this, not 5 000: all of them are used".
std::string fewerSamples(data::Split split, std::int64_t there, std::int64_t wanted);

/// The samples that criteria look at: those that the plan names, `samples` of them where that is
/// given; else the first 1 024 of what the data has to train on. Fewer where it holds fewer.
/// Errors: those of data::parseSlice.
Result<std::string> sliceToLookAt(const prune::Plan& plan, const data::Dataset& dataset,
                                  std::optional<std::int64_t> samples);

/// Names those samples in `plan` when `choice` or `plan` ranks by a criterion that needs data.
/// `dataset` may be null. Errors: BadArgument when there is no data.
Result<prune::Plan> withData(const model::Snapshot& snapshot, prune::Plan plan,
                             const PruneChoice& choice, const data::Dataset* dataset);

/// Measures what `choice` and the rules of `plan` rank by; nothing where weights are enough.
/// Errors: those of measure::measureScores.
Result<prune::ScoreCache> scoresFor(const model::SnapshotPtr& snapshot, const prune::Plan& plan,
                                    const PruneChoice& choice, const ScoredOn& data,
                                    const EventSink<>& events, RunControl& control);

/// `options` with the samples that its criterion looks at, where it needs data (sliceToLookAt).
Result<measure::ScanOptions> withRankedOn(measure::ScanOptions options,
                                          const model::Snapshot& snapshot,
                                          const data::Dataset& dataset);

/// `options` with the scores that its criterion ranks by, measured unless they are at hand; as it
/// is for criteria that need no data. Errors: those of measure::measureScores.
Result<measure::ScanOptions> withScores(measure::ScanOptions options,
                                        const model::SnapshotPtr& snapshot,
                                        const data::Dataset& dataset, const EventSink<>& events,
                                        RunControl& control);

}  // namespace espalier::project
