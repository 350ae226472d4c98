// SPDX-License-Identifier: GPL-3.0-or-later
// Evaluating a model again and again from the same place, without computing what lies before it
// again.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/data/dataset_torch.h"
#include "core/measure/scan_metric_torch.h"
#include "core/measure/scores_torch.h"
#include "core/script/partial_run_torch.h"

namespace espalier::measure {

/// Unreadable: what a scan says when samples cannot be read any more.
Error dataIsGone(const data::Dataset& dataset, const std::exception& exception);

/// Holds, per batch of a split, a run of forward that is stopped in front of a node. The weights
/// that are used first after that node may be changed between evaluations. Arguments outlive it.
class PrefixRunner {
public:
    struct Slice {
        data::Split split = data::Split::Validation;
        std::int64_t samples = 0;
        std::int64_t batchSize = 0;
        std::int64_t keepBytes = 0;  ///< of the stopped runs; the batches past it are run anew
    };

    PrefixRunner(const script::Program& program, const Placement& placement,
                 const data::Dataset& dataset, const Slice& slice);

    /// Where evaluations go on from now on. Going back forgets the stopped runs.
    void stopAt(std::size_t step);
    std::size_t position() const { return m_point.step; }
    /// Of the stopped runs.
    std::int64_t keptBytes() const { return m_bytes; }
    /// Samples of the last evaluation: those of the slice that could be read.
    std::int64_t samples() const;

    /// Means over the samples that can be read. `onBatch` is told how many samples are done. A
    /// metric that compares with the dense model takes the first evaluation's scores for the dense
    /// ones. Errors: Unreadable when the data is; those of script::PartialRun.
    Result<ScanFigures> evaluate(const ScanMetric& metric,
                                 const std::function<void(std::int64_t)>& onBatch,
                                 RunControl& control);

private:
    struct Part {
        std::int64_t begin = 0;
        std::int64_t end = 0;
        std::optional<script::PartialRun> run;  // stopped at m_point or before it
        std::int64_t bytes = 0;                 // that the run keeps
        std::int64_t samples = 0;               // fewer than asked for where files are broken
        at::Tensor labels;
        at::Tensor denseScores;
    };

    Result<void> begin(Part& part);
    Result<void> advance(Part& part, RunControl& control);
    Result<ScanFigures> sumsOf(Part& part, const ScanMetric& metric, RunControl& control);
    void forgetIfTooLarge(Part& part);

    const script::Program& m_program;
    Placement m_placement;
    const data::Dataset& m_dataset;
    Slice m_slice;
    script::StopPoint m_point;
    std::vector<Part> m_parts;
    std::int64_t m_bytes = 0;
};

}  // namespace espalier::measure
