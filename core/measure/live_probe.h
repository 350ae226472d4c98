// SPDX-License-Identifier: GPL-3.0-or-later
// The live probe: accuracy on a few samples, measured again and again while one layer's cut or one
// group's budget moves.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/data/dataset.h"
#include "core/measure/metric.h"
#include "core/model/snapshot.h"
#include "core/prune/masks.h"

namespace espalier::measure {

struct ProbeOptions {
    std::int64_t samples = 512;  ///< of the validation split, drawn by class with seed 0
    std::int64_t batchSize = 128;
    std::string device = "auto";
    /// Memory for the values in front of what moves, kept per batch. Batches that do not fit are
    /// computed from their inputs each time.
    std::int64_t prefixBytes = std::int64_t{512} << 20;
    MetricOptions metrics{};

    bool operator==(const ProbeOptions&) const = default;
};

/// What is probed. Masks are of the whole plan, not of what moves alone.
struct ProbeSubject {
    model::SnapshotPtr snapshot;
    data::DatasetPtr dataset;
    prune::MasksPtr masks;
    /// Paths of the parameters whose masks are expected to change next; empty: any may.
    std::vector<std::string> moving;
};

/// Means over the samples; ratios 0..1, the loss in nats.
struct ProbeFigures {
    std::int64_t samples = 0;  ///< those that could be read
    double top1 = 0;
    double loss = 0;
    double score = 0;  ///< of the metric
    bool operator==(const ProbeFigures&) const = default;
};

/// The samples that every probe looks at, as a dataset whose validation split they are: for each
/// class its share, the same each time; without classes, evenly spread over the split. Errors:
/// BadArgument (no validation split, no sample asked for).
Result<data::DatasetPtr> probeSamples(const data::DatasetPtr& dataset, std::int64_t samples);

/// Keeps, per batch, what the model has computed in front of the first layer that moves; the next
/// probe runs only from there. Probes in any order are right: when something else has changed, what
/// no longer holds is computed anew. Not thread-safe.
class LiveProbe {
public:
    LiveProbe();
    ~LiveProbe();

    /// What `evaluate` says of the same samples and masks in batches of the same size.
    ///
    /// A model whose forward cannot be run in parts is run as a whole. Stops within an operator's
    /// time, and keeps the batches that were ready. Errors: those of probeSamples; Mismatch
    /// (checkFit); Unreadable (the data cannot be read any more); Cancelled.
    Result<ProbeFigures> measure(const ProbeSubject& subject, const ProbeOptions& options,
                                 RunControl& control);

    /// Gives all memory back.
    void forget();
    /// Of what is kept in front of what moves; at most ProbeOptions::prefixBytes.
    std::int64_t keptBytes() const;

private:
    class Session;
    std::unique_ptr<Session> m_session;
};

}  // namespace espalier::measure
