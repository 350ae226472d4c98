// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/recipe_file.h"

#include <algorithm>
#include <functional>

#include "core/base/files.h"
#include "core/exchange/json_text.h"
#include "core/exchange/recipe_fields.h"

namespace espalier::exchange {
namespace {

void readHeader(Fields& fields) {
    std::string format = kRecipeFormat;
    int version = kRecipeVersion;
    fields.read("format", format);
    fields.read("version", version);
    if (format != kRecipeFormat) {
        throw recipeRefusal(Error::Kind::BadArgument,
                            cat("format is '", format, "', not '", kRecipeFormat, "'"),
                            "Use a recipe file");
    }
    if (version != kRecipeVersion) {
        throw recipeRefusal(
            Error::Kind::BadArgument,
            cat("version is ", version, ", this program reads version ", kRecipeVersion),
            "Use the program that wrote it, or a newer one");
    }
}

void readOptimizer(const Json& json, train::OptimizerOptions& options) {
    Fields fields(json, "optimizer.");
    fields.read("name", options.name);
    fields.read("lr", options.lr);
    fields.read("momentum", options.momentum);
    fields.read("nesterov", options.nesterov);
    fields.read("weight_decay", options.weightDecay);
    fields.read("beta1", options.beta1);
    fields.read("beta2", options.beta2);
    fields.read("eps", options.eps);
    fields.refuseOthers();
}

void readScheduler(const Json& json, train::SchedulerOptions& options) {
    Fields fields(json, "scheduler.");
    fields.read("name", options.name);
    fields.read("step_epochs", options.stepEpochs);
    fields.read("gamma", options.gamma);
    fields.read("milestones", options.milestones);
    fields.read("peak", options.peak);
    fields.read("patience", options.patience);
    fields.read("factor", options.factor);
    fields.read("warmup_steps", options.warmupSteps);
    fields.refuseOthers();
}

/// {"name": …}, or {"name": "module", "file": …}: the name, or the file; empty for auto.
void readJudge(const Json& json, const std::string& key, const std::vector<std::string>& names,
               std::string& nameOrFile, const std::function<void(Fields&)>& readMore = {}) {
    Fields fields(json, key + ".");
    std::string name = kByTheData;
    std::string file;
    fields.read("name", name);
    fields.read("file", file);
    if (readMore) readMore(fields);
    fields.refuseOthers();
    const bool isKnown = std::ranges::find(names, name) != names.end();
    if (file.empty() && (isKnown || name == kByTheData)) {
        nameOrFile = isKnown ? name : "";
    } else if (name == "module" && !file.empty()) {
        nameOrFile = file;
    } else {
        std::string known;
        for (const std::string& each : names) known += each + ", ";
        throw recipeRefusal(Error::Kind::BadArgument, cat(key, " is ", json.dump()),
                            cat("Give one of the names auto, ", known,
                                R"(or {"name": "module", "file": "FILE.pt"})"));
    }
}

/// A text, or null for none.
void readOptional(Fields& fields, const std::string& key, std::string& target) {
    const Json* value = fields.find(key);
    if (value && !value->is_null()) fields.read(key, target);
}

void readSchedule(const Json& json, train::ScheduleOptions& options) {
    Fields fields(json, "schedule.");
    fields.read("name", options.name);
    fields.read("rounds", options.rounds);
    fields.read("epochs_per_round", options.epochsPerRound);
    fields.read("round_lr", options.roundLr);
    fields.read("reset_momentum", options.resetMomentum);
    readOptional(fields, "rewind_to", options.rewindTo);
    fields.read("every_steps", options.everySteps);
    fields.read("begin", options.begin);
    fields.read("end", options.end);
    fields.read("cut_between_rounds", options.cutBetweenRounds);
    fields.refuseOthers();
}

std::vector<train::Regulariser> readRegularisers(const Json& json) {
    if (!json.is_array()) {
        throw recipeRefusal(Error::Kind::BadArgument, "regularisers is no list",
                            R"(Give a list such as [{"name": "l1", "strength": 1e-5}])");
    }
    std::vector<train::Regulariser> all;
    for (const Json& each : json) {
        Fields fields(each, "regularisers.");
        fields.read("name", all.emplace_back().name);
        fields.read("strength", all.back().strength);
        fields.refuseOthers();
    }
    return all;
}

std::optional<train::Distillation> readDistillation(const Json& json) {
    if (json.is_null()) return {};
    train::Distillation distillation;
    Fields fields(json, "distillation.");
    fields.read("weight", distillation.weight);
    fields.read("temperature", distillation.temperature);
    fields.refuseOthers();
    return distillation;
}

std::optional<int> readEarlyStopping(const Json& json) {
    if (json.is_null()) return {};
    int patience = 5;
    Fields fields(json, "early_stopping.");
    fields.read("patience", patience);
    fields.refuseOthers();
    return patience;
}

train::MaskMode readMaskMode(Fields& fields) {
    std::string masks = "on";
    fields.read("masks", masks);
    if (masks == "on") return train::MaskMode::On;
    if (masks == "off") return train::MaskMode::Off;
    throw recipeRefusal(Error::Kind::BadArgument, cat("masks is '", masks, "'"), "Use on or off");
}

train::Recipe readAll(const Json& json) {
    train::Recipe recipe;
    Fields fields(json, "");
    readHeader(fields);
    fields.read("epochs", recipe.epochs);
    fields.read("batch_size", recipe.batchSize);
    fields.read("seed", recipe.seed);
    fields.read("device", recipe.device);
    fields.read("precision", recipe.precision);
    fields.read("halve_batch_to_fit", recipe.halveBatchToFit);
    fields.read("validation", recipe.validation);
    fields.read("clip_norm", recipe.clipNorm);
    fields.read("dropout", recipe.dropout);
    fields.read("from_scratch", recipe.fromScratch);
    fields.read("batch_norm_batches", recipe.batchNormBatches);
    if (const Json* optimizer = fields.find("optimizer"))
        readOptimizer(*optimizer, recipe.optimizer);
    if (const Json* scheduler = fields.find("scheduler"))
        readScheduler(*scheduler, recipe.scheduler);
    if (const Json* loss = fields.find("loss")) {
        readJudge(*loss, "loss", measure::lossNames(), recipe.metrics.loss,
                  [&](Fields& more) { more.read("label_smoothing", recipe.labelSmoothing); });
    }
    if (const Json* metric = fields.find("metric"))
        readJudge(*metric, "metric", measure::metricNames(), recipe.metrics.metric);
    readOptional(fields, "output", recipe.metrics.output);
    readOptional(fields, "augment", recipe.augment);
    if (const Json* schedule = fields.find("schedule")) readSchedule(*schedule, recipe.schedule);
    if (const Json* terms = fields.find("regularisers"))
        recipe.regularisers = readRegularisers(*terms);
    if (const Json* distillation = fields.find("distillation"))
        recipe.distillation = readDistillation(*distillation);
    if (const Json* stopping = fields.find("early_stopping"))
        recipe.earlyStopping = readEarlyStopping(*stopping);
    recipe.masks = readMaskMode(fields);
    fields.refuseOthers();
    return recipe;
}

/// A module lies where the recipe says, seen from the recipe.
void resolve(std::string& nameOrFile, const std::vector<std::string>& names,
             const std::filesystem::path& folder) {
    if (nameOrFile.empty() || std::ranges::find(names, nameOrFile) != names.end()) return;
    nameOrFile = std::filesystem::absolute(folder / nameOrFile).lexically_normal().string();
}

}  // namespace

Result<train::Recipe> recipeFromJson(std::string_view text) {
    try {
        const train::Recipe recipe = readAll(parseOnce<Json>(text));
        if (auto sound = train::check(recipe); !sound) return sound.error();
        return recipe;
    } catch (const Error& error) {
        return error;
    } catch (const RepeatedKey& repeated) {
        return recipeRefusal(Error::Kind::BadArgument, repeated.why(), RepeatedKey::kHint);
    } catch (const Json::exception& exception) {
        const std::string message =
            exception.what();  // "[json.exception.parse_error.101] parse error at line …"
        return recipeRefusal(Error::Kind::BadArgument, message.substr(message.find("] ") + 2),
                             "Correct the JSON");
    }
}

Result<train::Recipe> readRecipe(const std::filesystem::path& path) {
    const auto text = readText(path);
    if (!text) return text.error();
    auto recipe = recipeFromJson(*text);
    if (recipe) {
        resolve(recipe->metrics.loss, measure::lossNames(), path.parent_path());
        resolve(recipe->metrics.metric, measure::metricNames(), path.parent_path());
        // What is no file is the name of a state in the history.
        if (std::filesystem::exists(path.parent_path() / recipe->schedule.rewindTo))
            resolve(recipe->schedule.rewindTo, {}, path.parent_path());
        return recipe;
    }
    Error error = recipe.error();
    error.what = cat(path.filename().string(), ": ", error.what);
    return error;
}

Result<void> writeRecipe(const train::Recipe& recipe, const std::filesystem::path& path) {
    return writeTextAtomically(path, recipeToJson(recipe));
}

}  // namespace espalier::exchange
