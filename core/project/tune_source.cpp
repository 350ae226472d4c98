// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/tune_source.h"

#include <nlohmann/json.hpp>

#include "core/base/format.h"
#include "core/exchange/json_text.h"
#include "core/exchange/recipe_file.h"
#include "core/measure/sensitivity.h"
#include "core/project/spec_fields.h"
#include "core/prune/scope_name.h"

namespace espalier::project {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

std::string wholePath(const fs::path& path) {
    std::error_code failed;
    const fs::path whole = path.empty() ? path : fs::absolute(path, failed);
    return (failed ? path : whole).string();
}

// How members are written.

template <class T>
Json jsonOf(const T& value) {
    return value;
}

Json jsonOf(const fs::path& path) {
    return wholePath(path);
}

Json jsonOf(prune::Scope scope) {
    return prune::nameOf(scope);
}

Json jsonOf(const prune::GoalText& goal) {
    return prune::toString(goal);
}

Json jsonOf(prune::Structure structure) {
    return measure::nameOf(structure);
}

Json jsonOf(channels::HeadUnit unit) {
    return channels::nameOf(unit);
}

Json jsonOf(const std::vector<script::InputSpec>& inputs) {
    Json list = Json::array();
    for (const script::InputSpec& input : inputs) list.push_back(script::toString(input));
    return list;
}

template <class T>
Json jsonOf(const std::optional<T>& value) {
    return value ? jsonOf(*value) : Json(nullptr);
}

template <HasFields Spec>
Json jsonOf(const Spec& spec) {
    Json json = Json::object();
    eachField(spec, [&json](const SpecField& field, const auto& member) {
        if (*field.key) json[field.key] = jsonOf(member);
    });
    return json;
}

// How they are read. A Json::exception stands for whatever is not as it was written.

template <class T>
void read(const Json& json, T& value) {
    json.get_to(value);
}

void read(const Json& json, fs::path& path) {
    path = json.get<std::string>();
}

void read(const Json& json, prune::Scope& scope) {
    if (const auto known = prune::parseScope(json.get<std::string>())) scope = *known;
}

void read(const Json& json, prune::GoalText& goal) {
    if (const auto known = prune::parseGoal(json.get<std::string>())) goal = *known;
}

void read(const Json& json, prune::Structure& structure) {
    const auto known = measure::parseStructure(json.get<std::string>());
    if (known) structure = *known;
}

void read(const Json& json, channels::HeadUnit& unit) {
    if (const auto known = channels::parseHeadUnit(json.get<std::string>())) unit = *known;
}

void read(const Json& json, std::vector<script::InputSpec>& inputs) {
    for (const Json& text : json) {
        const auto input = script::parseInputSpec(text.get<std::string>());
        if (input) inputs.push_back(*input);
    }
}

template <class T>
void read(const Json& json, std::optional<T>& value) {
    if (!json.is_null()) read(json, value.emplace());
}

template <HasFields Spec>
void read(const Json& json, Spec& spec) {
    eachField(spec, [&json](const SpecField& field, auto& member) {
        if (*field.key) read(json.at(field.key), member);
    });
}

void compare(const Json& now, const Json& before, const std::string& prefix, std::string& first) {
    for (const auto& [key, value] : now.items()) {
        const Json& old = before.at(key);
        if (!first.empty() || value == old) continue;
        const bool mayDiffer =
            key == "device" || key == "precision" || key == "halve_batch_to_fit";
        if (prefix.empty() && mayDiffer) continue;
        if (value.is_object() && old.is_object()) {
            compare(value, old, cat(prefix, key, "."), first);
        } else {
            first = cat(prefix, key, " is ", value.dump(), ", and was ", old.dump());
        }
    }
}

}  // namespace

std::string sourceOf(const TuneSpec& spec) {
    return exchange::jsonText(jsonOf(spec), -1);
}

Result<TuneSpec> specOf(const std::string& source, const train::Recipe& recipe) {
    try {
        TuneSpec spec;
        read(Json::parse(source), spec);
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
    if (given.teacher.empty()) given.teacher = run.teacher;
    if (given.output.empty()) given.output = run.output;
    if (given.metrics.empty()) given.metrics = run.metrics;
    if (given.report.empty()) given.report = run.report;
    if (given.threads == 0) given.threads = run.threads;
    return given;
}

std::string recipeDifference(const train::Recipe& now, const train::Recipe& before) {
    std::string first;
    compare(Json::parse(exchange::recipeToJson(now)), Json::parse(exchange::recipeToJson(before)),
            {}, first);
    return first;
}

}  // namespace espalier::project
