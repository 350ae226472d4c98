// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/tune_source.h"

#include <nlohmann/json.hpp>

#include "core/base/format.h"
#include "core/exchange/json_text.h"
#include "core/exchange/recipe_file.h"

namespace espalier::project {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

std::string wholePath(const fs::path& path) {
    std::error_code failed;
    const fs::path whole = path.empty() ? path : fs::absolute(path, failed);
    return (failed ? path : whole).string();
}

Json orNull(const auto& optional) {
    return optional ? Json(*optional) : Json(nullptr);
}

template <class T>
void read(const Json& json, const char* key, T& target) {
    json.at(key).get_to(target);
}

template <class T>
void read(const Json& json, const char* key, std::optional<T>& target) {
    if (const Json& value = json.at(key); !value.is_null()) target = value.get<T>();
}

void read(const Json& json, const char* key, fs::path& target) {
    target = json.at(key).get<std::string>();
}

Json dataJson(const data::DataSpec& d) {
    return {{"path", wholePath(d.path)},
            {"preset", d.preset},
            {"mean", d.mean},
            {"deviation", d.deviation},
            {"validation", d.validation},
            {"resize", d.resize},
            {"crop", d.crop},
            {"augment", d.augment},
            {"workers", d.workers}};
}

data::DataSpec dataOf(const Json& json) {
    data::DataSpec d;
    read(json, "path", d.path);
    read(json, "preset", d.preset);
    read(json, "mean", d.mean);
    read(json, "deviation", d.deviation);
    read(json, "validation", d.validation);
    read(json, "resize", d.resize);
    read(json, "crop", d.crop);
    read(json, "augment", d.augment);
    read(json, "workers", d.workers);
    return d;
}

Json choiceJson(const PruneChoice& c) {
    return {{"plan_file", wholePath(c.planFile)},
            {"goal", c.goal ? Json(prune::toString(*c.goal)) : Json(nullptr)},
            {"structure", c.structure ? Json(static_cast<int>(*c.structure)) : Json(nullptr)},
            {"weights", orNull(c.weights)},
            {"channels", orNull(c.channels)},
            {"criterion", c.criterion},
            {"scope", c.scope ? Json(static_cast<int>(*c.scope)) : Json(nullptr)},
            {"multiple_of", c.multipleOf},
            {"heads", std::string(channels::nameOf(c.heads))},
            {"allow_inexact", c.allowInexact},
            {"ignore_zeros", c.ignoreZeros},
            {"seed", orNull(c.seed)},
            {"samples", orNull(c.samples)}};
}

PruneChoice choiceOf(const Json& json) {
    PruneChoice c;
    read(json, "plan_file", c.planFile);
    if (const Json& text = json.value("goal", Json(nullptr)); !text.is_null()) {
        if (const auto goal = prune::parseGoal(text.get<std::string>())) c.goal = *goal;
    }
    if (const Json& structure = json.value("structure", Json(nullptr)); !structure.is_null())
        c.structure = static_cast<prune::Structure>(structure.get<int>());
    read(json, "weights", c.weights);
    read(json, "channels", c.channels);
    read(json, "criterion", c.criterion);
    if (const Json& scope = json.at("scope"); !scope.is_null())
        c.scope = static_cast<prune::Scope>(scope.get<int>());
    read(json, "multiple_of", c.multipleOf);
    if (const auto heads = channels::parseHeadUnit(json.at("heads").get<std::string>()))
        c.heads = *heads;
    read(json, "allow_inexact", c.allowInexact);
    read(json, "ignore_zeros", c.ignoreZeros);
    read(json, "seed", c.seed);
    read(json, "samples", c.samples);
    return c;
}

TuneSpec specOf(const Json& json) {
    TuneSpec spec;
    read(json, "model", spec.model);
    for (const Json& text : json.at("inputs")) {
        const auto input = script::parseInputSpec(text.get<std::string>());
        if (input) spec.inputs.push_back(*input);
    }
    spec.data = dataOf(json.at("data"));
    spec.choice = choiceOf(json.at("choice"));
    read(json, "recipe_file", spec.recipeFile);
    read(json, "output", spec.output);
    read(json, "metrics", spec.metrics);
    read(json, "report", spec.report);
    return spec;
}

void compare(const Json& now, const Json& before, const std::string& prefix, std::string& first) {
    for (const auto& [key, value] : now.items()) {
        const Json& old = before.at(key);
        if (!first.empty() || value == old) continue;
        if (prefix.empty() && (key == "device" || key == "halve_batch_to_fit")) continue;
        if (value.is_object() && old.is_object()) {
            compare(value, old, cat(prefix, key, "."), first);
        } else {
            first = cat(prefix, key, " is ", value.dump(), ", and was ", old.dump());
        }
    }
}

}  // namespace

std::string sourceOf(const TuneSpec& spec) {
    Json inputs = Json::array();
    for (const script::InputSpec& input : spec.inputs) inputs.push_back(script::toString(input));
    return exchange::jsonText(Json{{"model", wholePath(spec.model)},
                                   {"inputs", std::move(inputs)},
                                   {"data", dataJson(spec.data)},
                                   {"choice", choiceJson(spec.choice)},
                                   {"recipe_file", wholePath(spec.recipeFile)},
                                   {"output", wholePath(spec.output)},
                                   {"metrics", wholePath(spec.metrics)},
                                   {"report", wholePath(spec.report)}},
                              -1);
}

Result<TuneSpec> specOf(const std::string& source, const train::Recipe& recipe) {
    try {
        TuneSpec spec = specOf(Json::parse(source));
        spec.recipe = recipe;
        return spec;
    } catch (const Json::exception&) {
        return Error{Error::Kind::Damaged, "Cannot continue the fine-tuning",
                     "the checkpoint does not say where model and data are", "Start the run anew"};
    }
}

Result<TuneSpec> specOfRun(const fs::path& folder) {
    const auto about = exchange::readCheckpointAbout(exchange::checkpointIn(folder));
    if (!about) return about.error();
    return specOf(about->source, about->recipe);
}

TuneSpec withRun(TuneSpec given, const TuneSpec& run) {
    if (given.model.empty()) {
        given.model = run.model;
        if (given.inputs.empty()) given.inputs = run.inputs;
    }
    if (given.data.path.empty()) given.data = run.data;
    const std::optional<std::uint64_t> seed = given.choice.seed;
    PruneChoice open;
    open.seed = seed;
    if (given.choice == open) {
        given.choice = run.choice;
        if (seed) given.choice.seed = seed;
    }
    if (given.output.empty()) given.output = run.output;
    if (given.metrics.empty()) given.metrics = run.metrics;
    if (given.report.empty()) given.report = run.report;
    return given;
}

std::string recipeDifference(const train::Recipe& now, const train::Recipe& before) {
    std::string first;
    compare(Json::parse(exchange::recipeToJson(now)), Json::parse(exchange::recipeToJson(before)),
            {}, first);
    return first;
}

}  // namespace espalier::project
