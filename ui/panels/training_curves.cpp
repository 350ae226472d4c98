// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/training_curves.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>

namespace espalier::ui {
namespace {

constexpr double kPercent = 100;

QString tr(const char* text) {
    return QCoreApplication::translate("TrainingCurves", text);
}

void append(plots::Points& points, double x, double y) {
    if (std::isnan(y)) return;
    points.x.push_back(x);
    points.y.push_back(y);
}

bool isEpochEnd(const train::TrainSample& sample) {
    return !std::isnan(sample.valLoss);
}

}  // namespace

void TrainingCurves::add(const train::TrainSample& sample, double stepsPerEpoch,
                         const measure::Metric& metric) {
    const auto step = static_cast<double>(sample.step);
    const double x = isEpochEnd(sample)  ? sample.epoch
                     : stepsPerEpoch > 0 ? step / stepsPerEpoch
                                         : step;
    if (sample.round != round) marks.push_back({x, tr("round %1").arg(sample.round)});
    round = sample.round;
    // At an epoch's end the loss is the epoch's mean, which is no point of the curve of steps.
    if (!isEpochEnd(sample)) append(loss, x, sample.loss);
    append(valLoss, x, sample.valLoss);
    append(score, x, metric.isShare() ? kPercent * sample.score : sample.score);
    // The rate of a step stands where the step began, that of an epoch's end is of the next step.
    const double begin = isEpochEnd(sample) ? x : x - (stepsPerEpoch > 0 ? 1 / stepsPerEpoch : 1);
    if (sample.step > 0) append(rate, begin, sample.lr);
    append(sparsity, x, kPercent * sample.sparsity);
}

TrainingCurves curvesOf(std::span<const train::TrainSample> samples,
                        const measure::Metric& metric) {
    const auto first = std::ranges::find_if(samples, [](const train::TrainSample& sample) {
        return isEpochEnd(sample) && sample.epoch > 0;
    });
    const double stepsPerEpoch =
        first == samples.end() ? 0 : static_cast<double>(first->step) / first->epoch;
    TrainingCurves curves;
    for (const train::TrainSample& sample : samples) curves.add(sample, stepsPerEpoch, metric);
    return curves;
}

TrainingCurves plannedCurves(const train::Timeline& timeline, double stepsPerEpoch, double base,
                             double target) {
    TrainingCurves curves;
    const auto x = [&](std::int64_t step) { return static_cast<double>(step) / stepsPerEpoch; };
    for (const train::TimelinePoint& point : timeline.points) {
        append(curves.rate, x(point.step), point.lr);
        append(curves.sparsity, x(point.step), kPercent * (base + point.removed * (target - base)));
    }
    // To the end of the last step.
    if (!timeline.points.empty())
        append(curves.sparsity, x(timeline.steps), curves.sparsity.y.back());
    for (std::size_t round = 1; round < timeline.rounds.size(); ++round) {
        curves.marks.push_back(
            {x(timeline.rounds[round]), tr("round %1").arg(static_cast<int>(round) + 1)});
    }
    if (timeline.warmupSteps > 0 && timeline.warmupSteps < timeline.steps)
        curves.marks.push_back({x(timeline.warmupSteps), tr("warm-up")});
    return curves;
}

}  // namespace espalier::ui
