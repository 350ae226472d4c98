// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/plan_difference.h"

namespace espalier::ui {

namespace {

template <class Entries>
void addDiffering(const Entries& one, const Entries& other, std::set<std::string>& keys) {
    for (const auto& [key, value] : one) {
        const auto found = other.find(key);
        if (found == other.end() || !(found->second == value)) keys.insert(key);
    }
}

template <class Entries>
void addAllDiffering(const Entries& one, const Entries& other, std::set<std::string>& keys) {
    addDiffering(one, other, keys);
    addDiffering(other, one, keys);
}

prune::Plan withoutRules(prune::Plan plan) {
    plan.weights.clear();
    plan.channels.clear();
    plan.marks.clear();
    return plan;
}

}  // namespace

std::optional<PlanDifference> differenceOfRules(const prune::Plan& one, const prune::Plan& other) {
    if (withoutRules(one) != withoutRules(other)) return {};
    PlanDifference difference;
    addAllDiffering(one.weights, other.weights, difference.weights);
    addAllDiffering(one.channels, other.channels, difference.groups);
    addAllDiffering(one.marks, other.marks, difference.groups);
    return difference;
}

}  // namespace espalier::ui
