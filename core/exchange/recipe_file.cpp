// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/recipe_file.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/exchange/json_text.h"

namespace espalier::exchange {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "espalier-recipe";
constexpr int kVersion = 1;

Error refusal(Error::Kind kind, std::string why, std::string hint) {
    return {kind, "Cannot read the recipe", std::move(why), std::move(hint)};
}

std::string kindOf(const bool&) {
    return "true or false";
}
std::string kindOf(const std::string&) {
    return "a text";
}
std::string kindOf(const double&) {
    return "a number";
}
std::string kindOf(const int&) {
    return "a whole number";
}
std::string kindOf(const std::int64_t&) {
    return "a whole number";
}
std::string kindOf(const std::uint64_t&) {
    return "a whole number of at least 0";
}

bool holds(const Json& value, const bool&) {
    return value.is_boolean();
}
bool holds(const Json& value, const std::string&) {
    return value.is_string();
}
bool holds(const Json& value, const double&) {
    return value.is_number();
}
bool holds(const Json& value, const std::uint64_t&) {
    return value.is_number_unsigned();
}
bool holds(const Json& value, const std::int64_t&) {
    return value.is_number_integer() &&
           (!value.is_number_unsigned() ||
            value.get<std::uint64_t>() <= std::uint64_t{std::numeric_limits<std::int64_t>::max()});
}
bool holds(const Json& value, const int&) {
    return holds(value, std::int64_t{}) &&
           value.get<std::int64_t>() >= std::numeric_limits<int>::min() &&
           value.get<std::int64_t>() <= std::numeric_limits<int>::max();
}

/// The keys of one JSON object, each asked for by name. Throws the first Error.
class Fields {
public:
    Fields(const Json& object, std::string prefix) : m_object(object), m_prefix(std::move(prefix)) {
        if (!object.is_object()) {
            const std::string name =
                m_prefix.empty() ? "the file" : m_prefix.substr(0, m_prefix.size() - 1);
            throw refusal(Error::Kind::BadArgument, cat(name, " is no JSON object"), "Write { … }");
        }
    }

    /// Null when the key is missing.
    const Json* find(const std::string& key) {
        m_asked.insert(key);
        const auto found = m_object.find(key);
        return found == m_object.end() ? nullptr : &*found;
    }

    /// Leaves `target` as it is when the key is missing.
    template <class T>
    void read(const std::string& key, T& target) {
        const Json* value = find(key);
        if (!value) return;
        if (!holds(*value, target)) {
            throw refusal(Error::Kind::BadArgument, cat(m_prefix, key, " is ", value->dump()),
                          cat("Give ", kindOf(target)));
        }
        target = value->get<T>();
    }

    /// For options of the format that this version lacks: anything but `neutral`, null or nothing
    /// is refused.
    void refuseUnless(const std::string& key, const Json& neutral, std::string hint) {
        const Json* value = find(key);
        if (!value || value->is_null() || *value == neutral) return;
        throw refusal(Error::Kind::Unsupported,
                      cat("this version does not have ", m_prefix, key, " ", value->dump()),
                      std::move(hint));
    }

    /// A key that means nothing with the options this version has.
    void ignore(const std::string& key) { find(key); }

    void refuseOthers() const {
        for (const auto& [key, value] : m_object.items()) {
            if (m_asked.contains(key)) continue;
            throw refusal(Error::Kind::BadArgument, cat("there is no key ", m_prefix, key),
                          "Remove it or correct its spelling");
        }
    }

private:
    const Json& m_object;
    std::string m_prefix;
    std::set<std::string> m_asked;
};

void readHeader(Fields& fields) {
    std::string format = kFormat;
    int version = kVersion;
    fields.read("format", format);
    fields.read("version", version);
    if (format != kFormat) {
        throw refusal(Error::Kind::BadArgument,
                      cat("format is '", format, "', not '", kFormat, "'"), "Use a recipe file");
    }
    if (version != kVersion) {
        throw refusal(Error::Kind::BadArgument,
                      cat("version is ", version, ", this program reads version ", kVersion),
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
    fields.read("patience", options.patience);
    fields.read("factor", options.factor);
    fields.refuseUnless("warmup_steps", 0, "Set it to 0");
    fields.refuseOthers();
}

constexpr const char* kByTheData = "auto";

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
        throw refusal(Error::Kind::BadArgument, cat(key, " is ", json.dump()),
                      cat("Give one of the names auto, ", known,
                          R"(or {"name": "module", "file": "FILE.pt"})"));
    }
}

/// A text, or null for none.
void readOptional(Fields& fields, const std::string& key, std::string& target) {
    const Json* value = fields.find(key);
    if (value && !value->is_null()) fields.read(key, target);
}

void readSchedule(const Json& json) {
    Fields fields(json, "schedule.");
    fields.refuseUnless("name", "one_shot", "Use one_shot");
    for (const char* key : {"rounds", "epochs_per_round", "reset_momentum", "rewind_to"})
        fields.ignore(key);
    fields.refuseOthers();
}

train::MaskMode readMaskMode(Fields& fields) {
    std::string masks = "on";
    fields.read("masks", masks);
    if (masks == "on") return train::MaskMode::On;
    if (masks == "off") return train::MaskMode::Off;
    throw refusal(Error::Kind::BadArgument, cat("masks is '", masks, "'"), "Use on or off");
}

train::Recipe readAll(const Json& json) {
    train::Recipe recipe;
    Fields fields(json, "");
    readHeader(fields);
    fields.read("epochs", recipe.epochs);
    fields.read("batch_size", recipe.batchSize);
    fields.read("seed", recipe.seed);
    fields.read("device", recipe.device);
    fields.read("validation", recipe.validation);
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
    if (const Json* schedule = fields.find("schedule")) readSchedule(*schedule);
    recipe.masks = readMaskMode(fields);
    fields.refuseUnless("regularisers", Json::array(), "Leave the list empty");
    fields.refuseUnless("distillation", nullptr, "Remove it");
    fields.refuseUnless("early_stopping", nullptr, "Remove it: the best epoch is kept anyway");
    fields.refuseOthers();
    return recipe;
}

/// What readJudge reads.
Json judgeJson(const std::string& nameOrFile, const std::vector<std::string>& names) {
    if (nameOrFile.empty()) return {{"name", kByTheData}};
    if (std::ranges::find(names, nameOrFile) != names.end()) return {{"name", nameOrFile}};
    return {{"name", "module"}, {"file", nameOrFile}};
}

Json textOrNull(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

/// A module lies where the recipe says, seen from the recipe.
void resolve(std::string& nameOrFile, const std::vector<std::string>& names,
             const std::filesystem::path& folder) {
    if (nameOrFile.empty() || std::ranges::find(names, nameOrFile) != names.end()) return;
    nameOrFile = (folder / nameOrFile).lexically_normal().string();
}

}  // namespace

std::string recipeToJson(const train::Recipe& recipe) {
    const train::OptimizerOptions& o = recipe.optimizer;
    const train::SchedulerOptions& s = recipe.scheduler;
    Json json{{"format", kFormat},
              {"version", kVersion},
              {"epochs", recipe.epochs},
              {"batch_size", recipe.batchSize},
              {"seed", recipe.seed},
              {"device", recipe.device},
              {"validation", recipe.validation}};
    json["optimizer"] = {{"name", o.name},
                         {"lr", o.lr},
                         {"momentum", o.momentum},
                         {"nesterov", o.nesterov},
                         {"weight_decay", o.weightDecay},
                         {"beta1", o.beta1},
                         {"beta2", o.beta2},
                         {"eps", o.eps}};
    json["scheduler"] = {
        {"name", s.name},   {"warmup_steps", 0},      {"step_epochs", s.stepEpochs},
        {"gamma", s.gamma}, {"patience", s.patience}, {"factor", s.factor}};
    json["loss"] = judgeJson(recipe.metrics.loss, measure::lossNames());
    json["loss"]["label_smoothing"] = recipe.labelSmoothing;
    json["metric"] = judgeJson(recipe.metrics.metric, measure::metricNames());
    json["output"] = textOrNull(recipe.metrics.output);
    json["regularisers"] = Json::array();
    json["distillation"] = nullptr;
    json["schedule"] = {{"name", "one_shot"}};
    json["masks"] = recipe.masks == train::MaskMode::On ? "on" : "off";
    json["early_stopping"] = nullptr;
    json["augment"] = textOrNull(recipe.augment);
    return jsonText(json, 2) + "\n";
}

Result<train::Recipe> recipeFromJson(std::string_view text) {
    try {
        const train::Recipe recipe = readAll(Json::parse(text));
        if (auto sound = train::check(recipe); !sound) return sound.error();
        return recipe;
    } catch (const Error& error) {
        return error;
    } catch (const Json::exception& exception) {
        const std::string message =
            exception.what();  // "[json.exception.parse_error.101] parse error at line …"
        return refusal(Error::Kind::BadArgument, message.substr(message.find("] ") + 2),
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
