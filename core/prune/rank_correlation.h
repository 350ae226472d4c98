// SPDX-License-Identifier: GPL-3.0-or-later
// How alike two rankings are.
#pragma once

#include <optional>
#include <span>

namespace espalier::prune {

/// Spearman's rank correlation of two lists of scores of the same things, −1 … 1; equal scores
/// share the mean of their ranks. None for fewer than two, lists of unlike length, and where all
/// scores of a list are equal.
std::optional<double> rankCorrelation(std::span<const double> a, std::span<const double> b);

}  // namespace espalier::prune
