// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/session_fields.h"

#include <cmath>
#include <limits>

#include "core/exchange/recipe_file.h"

namespace espalier::project {

namespace fs = std::filesystem;

using exchange::refuse;

namespace {

using Kind = measure::Metric::Kind;

constexpr std::pair<Kind, const char*> kMetricKinds[] = {{Kind::Top1, "top1"},
                                                         {Kind::Top5, "top5"},
                                                         {Kind::Loss, "loss"},
                                                         {Kind::Agreement, "agreement"},
                                                         {Kind::Module, "module"}};
constexpr std::size_t kColumns = 10;

// JSON has no NaN: what was not measured is null.
Json realJson(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

double real(const Field& field) {
    return field.json.is_null() ? train::kNotMeasured : field.number();
}

template <class T>
std::vector<T> numbers(const Field& field) {
    field.mustBeList();
    std::vector<T> values;
    for (const Json& value : field.json) {
        const Field each{value, field.path};
        if constexpr (std::is_floating_point_v<T>) {
            values.push_back(each.number());
        } else {
            values.push_back(each.wholeNumber());
        }
    }
    return values;
}

int smallNumber(const Field& field) {
    const std::int64_t value = field.wholeNumber();
    if (value < 0 || value > std::numeric_limits<int>::max())
        refuse(cat(field.name(), " is out of range"));
    return static_cast<int>(value);
}

Json evaluationJson(const measure::Evaluation& e) {
    Json classes = Json::array();
    for (const measure::ClassAccuracy& each : e.classes)
        classes.push_back(
            {{"name", each.name}, {"samples", each.samples}, {"correct", each.correct}});
    Json metric{{"kind", ""},
                {"name", e.metric.name},
                {"loss", e.metric.loss},
                {"has_shares", e.metric.hasShares}};
    for (const auto& [kind, name] : kMetricKinds) {
        if (kind == e.metric.kind) metric["kind"] = name;
    }
    return {{"split", data::name(e.split)},   {"samples", e.samples},
            {"loss", realJson(e.loss)},       {"top1", realJson(e.top1)},
            {"top5", realJson(e.top5)},       {"classes", std::move(classes)},
            {"seconds", realJson(e.seconds)}, {"metric", std::move(metric)},
            {"score", realJson(e.score)}};
}

measure::Metric readMetric(const Field& field) {
    mustHaveJust(field, {"kind", "name", "loss", "has_shares"});
    measure::Metric metric;
    const std::string wanted = field.at("kind").text();
    bool isKnown = false;
    for (const auto& [kind, name] : kMetricKinds) {
        if (wanted != name) continue;
        metric.kind = kind;
        isKnown = true;
    }
    if (!isKnown) refuse(cat(field.at("kind").name(), " is no kind of metric"));
    metric.name = field.at("name").text();
    metric.loss = field.at("loss").text();
    metric.hasShares = field.at("has_shares").boolean();
    return metric;
}

measure::Evaluation readEvaluation(const Field& field) {
    mustHaveJust(field, {"split", "samples", "loss", "top1", "top5", "classes", "seconds", "metric",
                         "score"});
    measure::Evaluation e;
    const auto split = data::parseSplit(field.at("split").text());
    if (!split) refuse(cat(field.at("split").name(), ": ", split.error().why));
    e.split = *split;
    e.samples = field.at("samples").wholeNumber();
    e.loss = real(field.at("loss"));
    e.top1 = real(field.at("top1"));
    e.top5 = real(field.at("top5"));
    e.seconds = real(field.at("seconds"));
    e.metric = readMetric(field.at("metric"));
    e.score = real(field.at("score"));
    const Field classes = field.at("classes");
    classes.mustBeList();
    for (const Json& json : classes.json) {
        const Field each{json, classes.path};
        mustHaveJust(each, {"name", "samples", "correct"});
        e.classes.push_back({each.at("name").text(), each.at("samples").wholeNumber(),
                             each.at("correct").wholeNumber()});
    }
    return e;
}

Json latencyJson(const measure::Latency& l) {
    return {{"name", l.name},
            {"median", realJson(l.median)},
            {"p10", realJson(l.p10)},
            {"p90", realJson(l.p90)},
            {"runs", l.runs}};
}

measure::Latency readLatency(const Field& field) {
    mustHaveJust(field, {"name", "median", "p10", "p90", "runs"});
    return {field.at("name").text(), real(field.at("median")), real(field.at("p10")),
            real(field.at("p90")), smallNumber(field.at("runs"))};
}

}  // namespace

void mustHaveJust(const Field& object, std::initializer_list<std::string_view> keys) {
    object.mustBeObject(keys);
    for (const std::string_view key : keys) {
        if (!object.has(std::string(key).c_str()))
            refuse(cat("\"", object.pathOf(key), "\" is missing"));
    }
}

void writePath(Json& object, const fs::path& path, const fs::path& folder) {
    std::error_code failed;
    const fs::path relative = fs::relative(path, folder, failed);
    object["path"] = failed ? std::string() : relative.string();
    object["absolute"] = path.string();
}

fs::path readPath(const Field& object, const fs::path& folder) {
    const fs::path absolute = object.at("absolute").text();
    const std::string relative = object.at("path").text();
    std::error_code ignored;
    fs::path beside = (folder / relative).lexically_normal();
    if (!beside.has_filename()) beside = beside.parent_path();  // it ends with a slash
    const bool isThere = !relative.empty() && fs::exists(beside, ignored);
    return isThere && !fs::equivalent(beside, absolute, ignored) ? beside : absolute;
}

Json dataJson(const data::DataSpec& spec, const fs::path& folder) {
    Json json = Json::object();
    writePath(json, spec.path, folder);
    json["preset"] = spec.preset;
    json["mean"] = spec.mean;
    json["deviation"] = spec.deviation;
    json["validation"] = spec.validation;
    json["resize"] = spec.resize;
    json["crop"] = spec.crop;
    json["augment"] = spec.augment;
    json["workers"] = spec.workers;
    return json;
}

data::DataSpec readData(const Field& object, const fs::path& folder) {
    mustHaveJust(object, {"path", "absolute", "preset", "mean", "deviation", "validation", "resize",
                          "crop", "augment", "workers"});
    data::DataSpec spec;
    spec.path = readPath(object, folder);
    spec.preset = object.at("preset").text();
    spec.mean = numbers<double>(object.at("mean"));
    spec.deviation = numbers<double>(object.at("deviation"));
    spec.validation = object.at("validation").number();
    spec.resize = numbers<std::int64_t>(object.at("resize"));
    spec.crop = numbers<std::int64_t>(object.at("crop"));
    spec.augment = object.at("augment").text();
    spec.workers = smallNumber(object.at("workers"));
    return spec;
}

Json metricsJson(const Metrics& metrics, const fs::path& folder) {
    Json json{{"evaluation", nullptr},
              {"data", nullptr},
              {"latency", nullptr},
              {"latency_run", metrics.latencyRun}};
    if (metrics.evaluation) json["evaluation"] = evaluationJson(*metrics.evaluation);
    if (metrics.data) json["data"] = dataJson(*metrics.data, folder);
    if (metrics.latency) json["latency"] = latencyJson(*metrics.latency);
    return json;
}

Metrics readMetrics(const Field& object, const fs::path& folder) {
    mustHaveJust(object, {"evaluation", "data", "latency", "latency_run"});
    const auto isThere = [&](const char* key) { return !object.json.at(key).is_null(); };
    Metrics metrics;
    if (isThere("evaluation")) metrics.evaluation = readEvaluation(object.at("evaluation"));
    if (isThere("data")) metrics.data = readData(object.at("data"), folder);
    if (isThere("latency")) metrics.latency = readLatency(object.at("latency"));
    metrics.latencyRun = smallNumber(object.at("latency_run"));
    return metrics;
}

Json tuningJson(const Tuning& tuning) {
    return {{"recipe", Json::parse(exchange::recipeToJson(tuning.recipe))},
            {"epochs", tuning.epochs},
            {"best_epoch", tuning.bestEpoch},
            {"before", evaluationJson(tuning.before)},
            {"after", evaluationJson(tuning.after)}};
}

Tuning readTuning(const Field& object) {
    mustHaveJust(object, {"recipe", "epochs", "best_epoch", "before", "after"});
    const auto recipe = exchange::recipeFromJson(object.at("recipe").json.dump());
    if (!recipe)
        refuse(cat(object.at("recipe").name(), ": ", recipe.error().why), recipe.error().hint);
    return {*recipe, smallNumber(object.at("epochs")), smallNumber(object.at("best_epoch")),
            readEvaluation(object.at("before")), readEvaluation(object.at("after"))};
}

Json trainingJson(const std::vector<train::TrainSample>& samples) {
    Json rows = Json::array();
    for (const train::TrainSample& s : samples)
        rows.push_back({s.step, s.epoch, s.round, realJson(s.loss), realJson(s.valLoss),
                        realJson(s.top1), realJson(s.lr), realJson(s.sparsity), realJson(s.seconds),
                        realJson(s.score)});
    return rows;
}

std::vector<train::TrainSample> readTraining(const Field& list) {
    list.mustBeList();
    std::vector<train::TrainSample> samples;
    for (std::size_t i = 0; i < list.json.size(); ++i) {
        const Json& row = list.json[i];
        const Field all{row, cat(list.path, "[", i, "]")};
        if (!row.is_array() || row.size() != kColumns)
            refuse(cat(all.name(), " is no row of ten numbers"));
        const auto at = [&](std::size_t column) { return Field{row[column], all.path}; };
        samples.push_back({.step = at(0).wholeNumber(),
                           .epoch = smallNumber(at(1)),
                           .round = smallNumber(at(2)),
                           .loss = real(at(3)),
                           .valLoss = real(at(4)),
                           .top1 = real(at(5)),
                           .lr = real(at(6)),
                           .sparsity = real(at(7)),
                           .seconds = real(at(8)),
                           .score = real(at(9))});
    }
    return samples;
}

}  // namespace espalier::project
