// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/recipe.h"

#include <algorithm>
#include <cmath>
#include <functional>
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
    checks.require(s.warmupSteps >= 0, "scheduler.warmup_steps", s.warmupSteps,
                   "a whole number of at least 0");
    const bool rises = std::ranges::is_sorted(s.milestones, std::less_equal<>()) &&
                       std::ranges::all_of(s.milestones, [](int epoch) { return epoch >= 1; });
    checks.require(rises, "scheduler.milestones", "in that order",
                   "rising numbers of epochs, each at least 1");
    checks.require(s.name != "multi_step" || !s.milestones.empty(), "scheduler.milestones", "empty",
                   "the epochs after which the learning rate drops, such as [3, 5]");
    checks.require(s.peak > 0 && s.peak < 1, "scheduler.peak", s.peak, "a number between 0 and 1");
}

void checkTerms(Checks& checks, const Recipe& recipe) {
    for (const Regulariser& term : recipe.regularisers) {
        checks.requireOneOf(term.name, "regularisers.name", regulariserNames());
        checks.require(std::isfinite(term.strength) && term.strength >= 0, "regularisers.strength",
                       term.strength, "a number of at least 0, such as 1e-4");
    }
    if (const auto& d = recipe.distillation) {
        checks.require(d->weight >= 0 && d->weight <= 1, "distillation.weight", d->weight,
                       "a number from 0 to 1");
        checks.require(std::isfinite(d->temperature) && d->temperature > 0,
                       "distillation.temperature", d->temperature, "a number above 0, such as 2");
    }
    checks.require(std::isfinite(recipe.clipNorm) && recipe.clipNorm >= 0, "clip_norm",
                   recipe.clipNorm, "a number above 0, or 0 for no clipping");
    checks.require(!recipe.dropout || (*recipe.dropout >= 0 && *recipe.dropout < 1), "dropout",
                   recipe.dropout.value_or(0), "a number from 0 to below 1, or null");
}

void checkSchedule(Checks& checks, const Recipe& recipe) {
    const ScheduleOptions& s = recipe.schedule;
    checks.requireOneOf(s.name, "schedule.name", scheduleNames());
    checks.require(s.rounds >= 1, "schedule.rounds", s.rounds, "a whole number of at least 1");
    checks.require(s.epochsPerRound >= 1, "schedule.epochs_per_round", s.epochsPerRound,
                   "a whole number of at least 1");
    checks.require(s.roundLr > 0 && s.roundLr <= 1, "schedule.round_lr", s.roundLr,
                   "a number above 0, at most 1");
    checks.require(s.everySteps >= 1, "schedule.every_steps", s.everySteps,
                   "a whole number of at least 1");
    checks.require(s.begin >= 0 && s.begin < 1, "schedule.begin", s.begin,
                   "a number from 0 to below 1");
    checks.require(s.end > s.begin && s.end <= 1, "schedule.end", s.end,
                   "a number above schedule.begin, at most 1");
    const bool isCutLasso =
        s.cutBetweenRounds && std::ranges::any_of(recipe.regularisers, [](const Regulariser& term) {
            return term.name == "group_lasso";
        });
    checks.require(!isCutLasso, "schedule.cut_between_rounds", "true with group_lasso",
                   "false: the regulariser knows the channels of the whole model");
    const bool needsMasks = s.name != "one_shot";
    checks.require(!needsMasks || recipe.masks == MaskMode::On, "masks", "off",
                   cat("on: the schedule ", s.name, " removes weights while training"));
}

}  // namespace

std::vector<std::string> precisionNames() {
    return {"fp32", "bf16", "fp16"};
}

Result<void> check(const Recipe& recipe) {
    Checks checks;
    // No epochs: new statistics of batch norms alone.
    const bool mayBeNone = recipe.batchNormBatches > 0 && recipe.schedule.name == "one_shot";
    const int fewestEpochs = mayBeNone ? 0 : 1;
    checks.require(recipe.epochs >= fewestEpochs, "epochs", recipe.epochs,
                   cat("a whole number of at least ", fewestEpochs));
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
    checkTerms(checks, recipe);
    checkSchedule(checks, recipe);
    checks.requireOneOf(recipe.precision, "precision", precisionNames());
    checks.require(recipe.batchNormBatches >= 0, "batch_norm_batches", recipe.batchNormBatches,
                   "a whole number of at least 0");
    checks.require(!recipe.earlyStopping || *recipe.earlyStopping >= 1, "early_stopping.patience",
                   recipe.earlyStopping.value_or(0), "a whole number of at least 1");
    return checks.result();
}

}  // namespace espalier::train
