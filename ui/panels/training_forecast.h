// SPDX-License-Identifier: GPL-3.0-or-later
// What a recipe will do to the model that is open, before it starts.
#pragma once

#include <optional>

#include "ui/panels/training_curves.h"

namespace espalier::ui {

class Document;

struct TrainingForecast {
    TrainingCurves curves;  ///< empty without a model, or with a recipe that train::check refuses
    QString axis;           ///< what x counts: "epoch (352 steps)"
};

TrainingForecast forecastOf(const Document& document, const train::Recipe& recipe);

/// The share, 0..1, of the prunable weights left in the model that the plan removes.
double plannedRemoval(const Document& document);

/// Optimizer steps of one epoch on the attached data; none without data.
std::optional<std::int64_t> stepsPerEpoch(const Document& document, const train::Recipe& recipe);

}  // namespace espalier::ui
