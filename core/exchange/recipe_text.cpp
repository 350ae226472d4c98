// SPDX-License-Identifier: GPL-3.0-or-later
// How recipes are written.
#include <algorithm>

#include "core/exchange/json_text.h"
#include "core/exchange/recipe_fields.h"
#include "core/exchange/recipe_file.h"

namespace espalier::exchange {
namespace {

/// {"name": …}, or {"name": "module", "file": …}.
Json judgeJson(const std::string& nameOrFile, const std::vector<std::string>& names) {
    if (nameOrFile.empty()) return {{"name", kByTheData}};
    if (std::ranges::find(names, nameOrFile) != names.end()) return {{"name", nameOrFile}};
    return {{"name", "module"}, {"file", nameOrFile}};
}

Json textOrNull(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json orNull(const auto& optional) {
    return optional ? Json(*optional) : Json(nullptr);
}

Json optimizerJson(const train::OptimizerOptions& o) {
    return {{"name", o.name},
            {"lr", o.lr},
            {"momentum", o.momentum},
            {"nesterov", o.nesterov},
            {"weight_decay", o.weightDecay},
            {"beta1", o.beta1},
            {"beta2", o.beta2},
            {"eps", o.eps}};
}

Json schedulerJson(const train::SchedulerOptions& s) {
    return {{"name", s.name},
            {"warmup_steps", s.warmupSteps},
            {"step_epochs", s.stepEpochs},
            {"milestones", s.milestones},
            {"gamma", s.gamma},
            {"peak", s.peak},
            {"patience", s.patience},
            {"factor", s.factor}};
}

Json scheduleJson(const train::ScheduleOptions& s) {
    return {{"name", s.name},
            {"rounds", s.rounds},
            {"epochs_per_round", s.epochsPerRound},
            {"round_lr", s.roundLr},
            {"reset_momentum", s.resetMomentum},
            {"rewind_to", textOrNull(s.rewindTo)},
            {"every_steps", s.everySteps},
            {"begin", s.begin},
            {"end", s.end},
            {"cut_between_rounds", s.cutBetweenRounds}};
}

Json lossJson(const train::Recipe& recipe) {
    Json json = judgeJson(recipe.metrics.loss, measure::lossNames());
    json["label_smoothing"] = recipe.labelSmoothing;
    return json;
}

Json regularisersJson(const std::vector<train::Regulariser>& all) {
    Json json = Json::array();
    for (const auto& [name, strength] : all)
        json.push_back({{"name", name}, {"strength", strength}});
    return json;
}

Json distillationJson(const std::optional<train::Distillation>& distillation) {
    if (!distillation) return nullptr;
    return {{"weight", distillation->weight}, {"temperature", distillation->temperature}};
}

}  // namespace

std::string recipeToJson(const train::Recipe& recipe) {
    const auto patience = [&]() -> Json {
        if (!recipe.earlyStopping) return nullptr;
        return {{"patience", *recipe.earlyStopping}};
    };
    const Json json{{"format", kRecipeFormat},
                    {"version", kRecipeVersion},
                    {"epochs", recipe.epochs},
                    {"batch_size", recipe.batchSize},
                    {"seed", recipe.seed},
                    {"device", recipe.device},
                    {"precision", recipe.precision},
                    {"halve_batch_to_fit", recipe.halveBatchToFit},
                    {"validation", recipe.validation},
                    {"optimizer", optimizerJson(recipe.optimizer)},
                    {"clip_norm", recipe.clipNorm},
                    {"scheduler", schedulerJson(recipe.scheduler)},
                    {"loss", lossJson(recipe)},
                    {"metric", judgeJson(recipe.metrics.metric, measure::metricNames())},
                    {"output", textOrNull(recipe.metrics.output)},
                    {"regularisers", regularisersJson(recipe.regularisers)},
                    {"distillation", distillationJson(recipe.distillation)},
                    {"dropout", orNull(recipe.dropout)},
                    {"schedule", scheduleJson(recipe.schedule)},
                    {"from_scratch", recipe.fromScratch},
                    {"masks", recipe.masks == train::MaskMode::On ? "on" : "off"},
                    {"batch_norm_batches", recipe.batchNormBatches},
                    {"early_stopping", patience()},
                    {"augment", textOrNull(recipe.augment)}};
    return jsonText(json, 2) + "\n";
}

}  // namespace espalier::exchange
