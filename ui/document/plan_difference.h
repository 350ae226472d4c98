// SPDX-License-Identifier: GPL-3.0-or-later
// What tells two plans apart, as far as it is rules and marks.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "core/prune/plan.h"

namespace espalier::ui {

/// Keys whose rules or marks differ.
struct PlanDifference {
    std::set<std::string> weights;  ///< parameter paths
    std::set<std::string> groups;   ///< group keys

    bool operator==(const PlanDifference&) const = default;
};

/// None when they differ in something else as well: criteria, seeds, samples, locks.
std::optional<PlanDifference> differenceOfRules(const prune::Plan& one, const prune::Plan& other);

}  // namespace espalier::ui
