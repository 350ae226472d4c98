// SPDX-License-Identifier: GPL-3.0-or-later
// The samples of a training run, and what is planned of one, as curves over epochs.
#pragma once

#include <span>
#include <vector>

#include "core/train/fine_tune.h"
#include "core/train/timeline.h"
#include "ui/plots/curves_view.h"

namespace espalier::ui {

/// Shares in per cent. x: epochs done, so that 1.5 is half way through the second.
struct TrainingCurves {
    plots::Points loss;     ///< a point a step
    plots::Points valLoss;  ///< a point an epoch, from 0, as the next
    plots::Points score;    ///< of the run's metric
    plots::Points rate;
    plots::Points sparsity;
    std::vector<plots::RoundMark> marks;  ///< where rounds begin

    /// Samples come in their order. `stepsPerEpoch`: 0 when it is not known, then x counts steps.
    void add(const train::TrainSample& sample, double stepsPerEpoch, const measure::Metric& metric);

    int round = 0;  ///< of the last sample
};

/// A whole run, whose steps per epoch follow from the samples.
TrainingCurves curvesOf(std::span<const train::TrainSample> samples, const measure::Metric& metric);

/// What will happen: sparsity (of all prunable weights, from `base` to `target`, 0..1) and rate.
TrainingCurves plannedCurves(const train::Timeline& timeline, double stepsPerEpoch, double base,
                             double target);

}  // namespace espalier::ui
