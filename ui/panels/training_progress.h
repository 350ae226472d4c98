// SPDX-License-Identifier: GPL-3.0-or-later
// What the samples of a training run add up to: best so far, speed, time left, and the sentence at
// the end.
#pragma once

#include <cstdint>
#include <optional>

#include <QString>

#include "core/train/fine_tune.h"
#include "core/train/recipe.h"

namespace espalier::ui {

/// Fed with the samples of one run in their order.
class TrainingProgress {
public:
    TrainingProgress() = default;
    /// `trainSamples`: size of the training split, 0 when unknown.
    TrainingProgress(const train::Recipe& recipe, std::int64_t trainSamples,
                     const measure::Metric& metric = {});

    void add(const train::TrainSample& sample);

    std::optional<double> bestScore() const { return m_bestScore; }
    int bestEpoch() const { return m_bestEpoch; }
    double samplesPerSecond() const;  ///< 0 before the first step
    std::optional<double> secondsLeft()
        const;  ///< none before the first step or when the end is not known

    /// "Epoch 3 of 10 · 00:41 left · 4.2 k samples/s"; "paused" instead of the time while it is.
    QString statusText(bool isPaused = false) const;
    /// "peak memory 310 MB", and what an accelerator uses; empty when it is not known.
    QString memoryText() const;
    /// "Best so far: epoch 2, 98.9 % on validation", or empty.
    QString bestText() const;

private:
    std::int64_t stepsPerEpoch() const;
    bool isStillPruning() const;

    train::Recipe m_recipe;
    std::int64_t m_trainSamples = 0;
    train::TrainSample m_last;
    measure::Metric m_metric;
    std::optional<double> m_bestScore;
    int m_bestEpoch = 0;
    double m_sparsity = 0;  // highest so far
};

/// "Best epoch 4: 98.9 % (was 97.2 %) on validation, after 5 epochs."
QString summaryOf(const train::TrainResult& result);

}  // namespace espalier::ui
