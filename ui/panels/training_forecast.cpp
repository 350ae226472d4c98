// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/training_forecast.h"

#include <algorithm>

#include <QCoreApplication>

#include "ui/document/document.h"
#include "ui/style/counted.h"

namespace espalier::ui {
namespace {

constexpr std::int64_t kAssumedSteps = 100;  // of an epoch, for the shape, while there is no data

QString tr(const char* text) {
    return QCoreApplication::translate("TrainingForecast", text);
}

/// Shares of the prunable weights that are zero: in the file, and by the plan.
struct Sparsities {
    double base = 0;
    double target = 0;
};

Sparsities sparsitiesOf(const Document& document) {
    double weights = 0;
    double base = 0;
    double target = 0;
    for (const model::Layer& layer : document.snapshot()->layers()) {
        if (!layer.prunable.weights) continue;
        weights += static_cast<double>(layer.weightCount);
        base += static_cast<double>(document.snapshot()->baseRemoved(layer.id));
        target += static_cast<double>(document.removed(layer.id));
    }
    if (weights == 0) return {};
    return {base / weights, std::max(base, target) / weights};
}

}  // namespace

std::optional<std::int64_t> stepsPerEpoch(const Document& document, const train::Recipe& recipe) {
    if (!document.dataset() || recipe.batchSize < 1) return std::nullopt;
    const std::int64_t samples = data::info(*document.dataset()).train;
    if (samples == 0) return std::nullopt;
    return (samples + recipe.batchSize - 1) / recipe.batchSize;
}

double plannedRemoval(const Document& document) {
    const Sparsities sparsities = sparsitiesOf(document);
    const double left = 1 - sparsities.base;
    return left > 0 ? (sparsities.target - sparsities.base) / left : 0;
}

TrainingForecast forecastOf(const Document& document, const train::Recipe& recipe) {
    TrainingForecast forecast{{}, tr("epoch")};
    if (!document.hasModel() || !train::check(recipe)) return forecast;
    const auto steps = stepsPerEpoch(document, recipe);
    if (steps)
        forecast.axis =
            style::counted(*steps, tr("epoch (%1 step)"), tr("epoch (%1 steps)")).arg(*steps);
    const Sparsities sparsities = sparsitiesOf(document);
    const std::int64_t perEpoch = steps.value_or(kAssumedSteps);
    forecast.curves =
        plannedCurves(train::timelineOf(recipe, perEpoch, plannedRemoval(document)),
                      static_cast<double>(perEpoch), sparsities.base, sparsities.target);
    return forecast;
}

}  // namespace espalier::ui
