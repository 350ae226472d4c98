// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/prune/plan.h"

#include <algorithm>
#include <cmath>

#include "core/base/format.h"
#include "core/prune/criterion.h"

namespace espalier::prune {

namespace {

/// Whether `name` could be the key of a channel group: a module that has a layer, or a part of its
/// channels.
bool mayBeGroup(const model::Snapshot& snapshot, const std::string& name) {
    const std::string path = name.substr(0, name.find('['));
    return std::ranges::any_of(snapshot.layers(), [&](const model::Layer& layer) {
        return layer.modulePath() == path || layer.name == path;
    });
}

Error badRule(std::string_view name, const std::string& why, const std::string& hint) {
    return {Error::Kind::BadArgument, cat("Cannot prune ", name), why, hint};
}

Result<void> checkNamed(const Plan& plan, const model::Snapshot& snapshot, const std::string& name,
                        std::string_view list) {
    const auto layer = snapshot.find(name);
    if (!layer) {
        return Error{
            Error::Kind::Mismatch, "The plan does not fit the model",
            cat(list, ".", name, ": ", snapshot.file().name(), " has no weight of this name",
                plan.modelFile.empty() ? "" : "; the plan was made for " + plan.modelFile),
            "Open the model the plan was made for, or remove the entry from the plan"};
    }
    const model::Prunability& prunable = snapshot.layer(*layer).prunable;
    if (!prunable.weights) {
        return Error{Error::Kind::Mismatch, "The plan does not fit the model",
                     cat(list, ".", name, ": this weight cannot be pruned",
                         prunable.reason.empty() ? "" : ": ", prunable.reason),
                     "Remove the entry from the plan"};
    }
    return {};
}

}  // namespace

std::string describe(const WeightRule& rule) {
    switch (rule.kind) {
        case WeightRule::Kind::Threshold:
            return cat("threshold ", significant(rule.value));
        case WeightRule::Kind::Sparsity:
            return cat("sparsity ", significant(100 * rule.value), "\u2009%");
        case WeightRule::Kind::Sigma:
            return cat(significant(rule.value), "\u2009σ");
        case WeightRule::Kind::Pattern:
            return cat(rule.keep, ":", rule.group);
    }
    return {};
}

Plan emptyPlan(const model::Snapshot& snapshot) {
    Plan plan;
    plan.modelFile = snapshot.file().name();
    plan.modelSha256 = snapshot.file().sha256;
    plan.inputs.assign(snapshot.inputs().begin(), snapshot.inputs().end());
    return plan;
}

Result<void> checkRule(std::string_view name, const WeightRule& rule) {
    switch (rule.kind) {
        case WeightRule::Kind::Threshold:
            if (std::isfinite(rule.value) && rule.value >= 0) return {};
            return badRule(name, cat("the threshold ", rule.value, " is no number of at least 0"),
                           "Use 0 or more");
        case WeightRule::Kind::Sparsity:
            if (rule.value >= 0 && rule.value <= 1) return {};
            return badRule(name, cat("the sparsity ", rule.value, " is not between 0 and 1"),
                           "Write 92\u2009% as 0.92");
        case WeightRule::Kind::Sigma:
            if (std::isfinite(rule.value) && rule.value >= 0) return {};
            return badRule(name,
                           cat("the sigma multiple ", rule.value, " is no number of at least 0"),
                           "Use 0 or more");
        case WeightRule::Kind::Pattern:
            if (rule.keep >= 1 && rule.group >= rule.keep) return {};
            return badRule(name,
                           cat("the pattern ", rule.keep, ":", rule.group,
                               " keeps nothing or more than there is"),
                           "Use n:m with n from 1 to m, such as 2:4");
    }
    return {};
}

Result<void> check(const Plan& plan, const model::Snapshot& snapshot) {
    if (const auto criterion = findWeightCriterion(plan.weightCriterion); !criterion)
        return criterion.error();
    for (const auto& [name, rule] : plan.weights) {
        if (auto named = checkNamed(plan, snapshot, name, "weights"); !named) return named;
        if (auto inRange = checkRule(name, rule); !inRange) return inRange;
    }
    for (const std::string& name : plan.locked) {
        if (!snapshot.find(name) && mayBeGroup(snapshot, name)) continue;
        if (auto named = checkNamed(plan, snapshot, name, "locked"); !named) return named;
    }
    return {};
}

bool isForFile(const Plan& plan, const model::Snapshot& snapshot) {
    if (!plan.modelSha256.empty()) return plan.modelSha256 == snapshot.file().sha256;
    return plan.modelFile.empty() || plan.modelFile == snapshot.file().name();
}

}  // namespace espalier::prune
