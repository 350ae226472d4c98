// SPDX-License-Identifier: GPL-3.0-or-later
// Recipes as files: *.espalier-recipe.json, version 1.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/train/recipe.h"

namespace espalier::exchange {

/// Indented JSON with the defaults written out.
std::string recipeToJson(const train::Recipe& recipe);

/// Every key may be missing. Errors: BadArgument, naming the key; Unsupported for a schedule, loss,
/// regulariser or other option that this version does not have.
Result<train::Recipe> recipeFromJson(std::string_view text);

/// Files of loss and metric modules are taken from the recipe's folder unless they are absolute.
Result<train::Recipe> readRecipe(const std::filesystem::path& path);
Result<void> writeRecipe(const train::Recipe& recipe, const std::filesystem::path& path);

}  // namespace espalier::exchange
