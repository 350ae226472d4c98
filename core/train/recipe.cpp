// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/recipe.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/base/format.h"

namespace espalier::train {
namespace {

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += cat(text.empty() ? "" : ", ", name);
    return text;
}

/// Remembers the first value that is out of range.
class Checks {
public:
    void require(bool holds, std::string_view key, const auto& value, std::string_view range) {
        if (holds || !m_first.ok()) return;
        m_first = Error{Error::Kind::BadArgument,
                        cat("The recipe's ", key, " cannot be ", value),
                        {},
                        cat("Use ", range)};
    }
    void requireOneOf(const std::string& value, std::string_view key,
                      const std::vector<std::string>& names) {
        require(std::ranges::find(names, value) != names.end(), key, cat("'", value, "'"),
                cat("one of: ", joined(names)));
    }
    Result<void> result() const { return m_first; }

private:
    Result<void> m_first;
};

void checkOptimizer(Checks& checks, const OptimizerOptions& o) {
    checks.requireOneOf(o.name, "optimizer.name", optimizerNames());
    checks.require(std::isfinite(o.lr) && o.lr > 0, "optimizer.lr", o.lr, "a number above 0");
    checks.require(o.momentum >= 0 && o.momentum < 1, "optimizer.momentum", o.momentum,
                   "a number from 0 to below 1");
    checks.require(!o.nesterov || o.momentum > 0 || o.name != "sgd", "optimizer.nesterov",
                   "true without momentum", "a momentum above 0, or false");
    checks.require(std::isfinite(o.weightDecay) && o.weightDecay >= 0, "optimizer.weight_decay",
                   o.weightDecay, "a number of at least 0");
    checks.require(o.beta1 >= 0 && o.beta1 < 1, "optimizer.beta1", o.beta1,
                   "a number from 0 to below 1");
    checks.require(o.beta2 >= 0 && o.beta2 < 1, "optimizer.beta2", o.beta2,
                   "a number from 0 to below 1");
    checks.require(std::isfinite(o.eps) && o.eps > 0, "optimizer.eps", o.eps, "a number above 0");
}

void checkScheduler(Checks& checks, const SchedulerOptions& s) {
    checks.requireOneOf(s.name, "scheduler.name", schedulerNames());
    checks.require(s.stepEpochs >= 1, "scheduler.step_epochs", s.stepEpochs,
                   "a whole number of at least 1");
    checks.require(s.gamma > 0 && s.gamma <= 1, "scheduler.gamma", s.gamma,
                   "a number above 0, at most 1");
    checks.require(s.patience >= 0, "scheduler.patience", s.patience,
                   "a whole number of at least 0");
    checks.require(s.factor > 0 && s.factor < 1, "scheduler.factor", s.factor,
                   "a number between 0 and 1");
}

}  // namespace

Result<void> check(const Recipe& recipe) {
    Checks checks;
    checks.require(recipe.epochs >= 1, "epochs", recipe.epochs, "a whole number of at least 1");
    checks.require(recipe.batchSize >= 1, "batch_size", recipe.batchSize,
                   "a whole number of at least 1");
    checks.require(recipe.validation > 0 && recipe.validation < 1, "validation", recipe.validation,
                   "a number between 0 and 1, such as 0.1: the best epoch is chosen on it");
    checks.require(recipe.labelSmoothing >= 0 && recipe.labelSmoothing < 1, "loss.label_smoothing",
                   recipe.labelSmoothing, "a number from 0 to below 1");
    const bool isSmoothed = recipe.labelSmoothing != 0;
    const std::string& loss = recipe.metrics.loss;
    checks.require(!isSmoothed || loss.empty() || loss == "cross_entropy", "loss.label_smoothing",
                   recipe.labelSmoothing, cat("0: ", loss, " has no label smoothing"));
    if (!recipe.augment.empty())
        checks.requireOneOf(recipe.augment, "augment", data::augmentationNames());
    checkOptimizer(checks, recipe.optimizer);
    checkScheduler(checks, recipe.scheduler);
    return checks.result();
}

}  // namespace espalier::train
