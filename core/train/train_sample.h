// SPDX-License-Identifier: GPL-3.0-or-later
// What a training run tells while it goes on.
#pragma once

#include <cstdint>
#include <limits>

namespace espalier::train {

constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

/// How a run gets on, on this machine. Pauses do not count.
struct RunFigures {
    double secondsLeft = kNotMeasured;       ///< an estimate, validation included
    double samplesPerSecond = kNotMeasured;  ///< of training alone
    std::int64_t memoryBytes = 0;            ///< the most this process has used; 0: not known
    std::int64_t deviceBytes = 0;  ///< the most it has used on an accelerator; 0: none, not known
    std::int64_t deviceTotal = 0;  ///< bytes that the accelerator has; 0: none, not known
    /// Share of all processor cores, 0..1, that this process has kept busy of late.
    float processorLoad = std::numeric_limits<float>::quiet_NaN();
    /// Share of the time, 0..1, in which the GPU that trains was busy of late, for whomever.
    float deviceLoad = std::numeric_limits<float>::quiet_NaN();
};

/// One row of the metrics: a training step, or the end of an epoch (then valLoss and top1 are
/// there).
struct TrainSample {
    std::int64_t step = 0;  ///< optimizer steps so far
    int epoch = 0;          ///< from 1; 0: validation before training
    int round = 0;
    double loss = kNotMeasured;  ///< training loss of the step with all terms of the recipe; the
                                 ///< epoch's mean at its end
    double valLoss = kNotMeasured;
    double top1 = kNotMeasured;  ///< validation, 0..1; none where the targets are no classes
    double lr = 0;
    double sparsity =
        0;  ///< share of prunable weights that is zero, 0..1; counted at the ends of epochs
    double seconds = 0;  ///< since the start; a run that was continued goes on from its checkpoint
    double score = kNotMeasured;  ///< validation, of the recipe's metric
    RunFigures figures{};         ///< not part of the metrics file, nor of checkpoints
};

}  // namespace espalier::train
