// SPDX-License-Identifier: GPL-3.0-or-later
// Recipes to start from: one that suits a model and its data, and known ways of pruning.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/data/dataset.h"
#include "core/model/snapshot.h"
#include "core/train/recipe.h"

namespace espalier::train {

/// A way of pruning, made of a recipe that says how this model trains.
struct Preset {
    std::string_view name;     ///< "agp", as on the command line
    std::string_view title;    ///< "Gradual (AGP)"
    std::string_view summary;  ///< a sentence for people
    Recipe (*from)(Recipe);    ///< keeps batch size, learning rate, device, seed …
};

std::span<const Preset> presets();

/// `recipe` with what the preset says about pruning and training over it. Errors: BadArgument,
/// listing the names.
Result<Recipe> withPreset(const Recipe& recipe, std::string_view name);

/// Sensible values for fine-tuning `model` on `data` under a plan that removes the share `removed`,
/// 0..1, of all prunable weights.
///
/// Batch size: about a hundredth of the training samples, a power of two from 16 to 128 (never more
/// than there are). Epochs: as many as 2 000 optimizer steps take, 2 to 20. Optimizer: SGD at 0.01,
/// or AdamW at 1e-4 for models with embeddings or layer norms: a tenth of the usual 0.1 and 1e-3.
/// Colour images of 32 to 64 pixels are shifted and mirrored, unless the data says how. Up to 95 %
/// removed: in one shot; above that gradually, in twice the epochs at five times the rate
/// (docs/pruning-schedules.md says what was measured).
Recipe suggestedRecipe(const model::Snapshot& model, const data::DatasetInfo& data,
                       double removed = 0);

/// `recipe` with so many epochs in the whole run; rounds get equal parts, at least one each.
Recipe withEpochs(Recipe recipe, int epochs);

/// "agp, 12 epochs of sgd at 0.05, batches of 128": for people.
std::string describe(const Recipe& recipe);

}  // namespace espalier::train
