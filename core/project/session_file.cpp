// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/session_file.h"

#include <functional>

#include "core/base/files.h"
#include "core/exchange/json_text.h"
#include "core/exchange/plan_file.h"
#include "core/project/session_data.h"
#include "core/project/session_fields.h"

namespace espalier::project {

namespace fs = std::filesystem;

using exchange::refuse;

namespace {

constexpr std::string_view kFormat = "espalier-session";
constexpr int kVersion = 1;
constexpr std::string_view kCannotOpen = "Cannot open the session";
constexpr const char* kHowToGoOn = "Open a copy of it, if there is one, or its model anew";
constexpr std::size_t kLargest = 512u << 20;  // bytes; a step of a training has about a hundred

constexpr std::pair<Operation, std::string_view> kOperations[] = {
    {Operation::Open, "open"},
    {Operation::Pin, "pin"},
    {Operation::FineTune, "fine_tune"},
    {Operation::Commit, "commit"},
    {Operation::Trial, "trial"}};

std::string_view nameOf(Operation operation) {
    for (const auto& [each, name] : kOperations) {
        if (each == operation) return name;
    }
    return {};
}

Operation readOperation(const Field& field) {
    const std::string wanted = field.text();
    for (const auto& [each, name] : kOperations) {
        if (wanted == name) return each;
    }
    refuse(cat(field.name(), " is \"", wanted, "\", which no state comes from"));
}

std::size_t readPlace(const Field& field, std::size_t count, std::string_view what) {
    const std::int64_t place = field.wholeNumber();
    if (place < 0 || static_cast<std::uint64_t>(place) >= count)
        refuse(cat(field.name(), " is ", place, ", and there is no such ", what));
    return static_cast<std::size_t>(place);
}

Json planJson(const prune::Plan& plan) {
    return Json::parse(exchange::planToJson(plan));
}

prune::Plan readPlan(const Field& field) {
    auto plan = exchange::planFromJson(field.json.dump());
    if (!plan) refuse(cat(field.name(), ": ", plan.error().why), plan.error().hint);
    return std::move(plan).value();
}

Json modelJson(const SessionModel& model, const fs::path& folder) {
    Json json = Json::object();
    writePath(json, model.path, folder);
    json["sha256"] = model.sha256;
    json["inputs"] = Json::array();
    for (const script::InputSpec& input : model.inputs)
        json["inputs"].push_back(script::toString(input));
    json["layers"] = model.layers;
    return json;
}

SessionModel readModel(const Field& field, const fs::path& folder) {
    mustHaveJust(field, {"path", "absolute", "sha256", "inputs", "layers"});
    SessionModel model;
    model.path = readPath(field, folder);
    model.sha256 = field.at("sha256").text();
    const Field inputs = field.at("inputs");
    inputs.mustBeList();
    for (const Json& text : inputs.json) {
        const auto input = script::parseInputSpec(Field{text, inputs.path}.text());
        if (!input) refuse(cat(inputs.name(), ": ", input.error().why), input.error().hint);
        model.inputs.push_back(*input);
    }
    const Field layers = field.at("layers");
    layers.mustBeObject();
    for (const auto& [name, shape] : layers.json.items()) {
        const Field sides = layers.at(name);
        sides.mustBeList();
        for (const Json& side : shape)
            model.layers[name].push_back(Field{side, sides.path}.wholeNumber());
    }
    return model;
}

Json sessionDataJson(const SessionData& data, const fs::path& folder) {
    return {{"read", dataJson(data.spec, folder)},
            {"output", data.metrics.output},
            {"loss", data.metrics.loss},
            {"metric", data.metrics.metric}};
}

SessionData readSessionData(const Field& field, const fs::path& folder) {
    mustHaveJust(field, {"read", "output", "loss", "metric"});
    return {readData(field.at("read"), folder),
            {field.at("output").text(), field.at("loss").text(), field.at("metric").text()}};
}

Json nodeJson(const SessionNode& node, const fs::path& folder) {
    Json json{{"parent", node.parent ? Json(*node.parent) : Json(nullptr)},
              {"operation", nameOf(node.operation)},
              {"name", node.name},
              {"model", node.model},
              {"weights", node.weights},
              {"pinned", node.isPinned},
              {"made", std::chrono::system_clock::to_time_t(node.made)},
              {"plan", planJson(node.plan)},
              {"metrics", metricsJson(node.metrics, folder)},
              {"training", trainingJson(node.training)}};
    if (node.tuning) json["tuning"] = tuningJson(*node.tuning);
    return json;
}

std::string readFingerprint(const Field& field) {
    std::string text = field.text();
    if (!text.empty() &&
        (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos))
        refuse(cat(field.name(), " is no SHA-256"));
    return text;
}

SessionNode readNode(const Field& field, std::size_t place, std::size_t models,
                     const fs::path& folder) {
    const bool isTuned = field.json.is_object() && field.has("tuning");
    mustHaveJust(field, {"parent", "operation", "name", "model", "weights", "pinned", "made",
                         "plan", "metrics", "training", isTuned ? "tuning" : "training"});
    SessionNode node;
    const bool isRoot = field.json.at("parent").is_null();
    if (isRoot != (place == 0)) refuse(cat(field.name(), " has to be the only root"));
    if (!isRoot) node.parent = readPlace(field.at("parent"), place, "earlier node");
    node.operation = readOperation(field.at("operation"));
    node.name = field.at("name").text();
    node.model = readPlace(field.at("model"), models, "model");
    node.weights = readFingerprint(field.at("weights"));
    if (isRoot && !node.weights.empty())
        refuse(cat(field.name(), " is the opened file and can have no other weights"));
    node.isPinned = field.at("pinned").boolean();
    node.made = std::chrono::system_clock::from_time_t(field.at("made").wholeNumber());
    node.plan = readPlan(field.at("plan"));
    node.metrics = readMetrics(field.at("metrics"), folder);
    node.training = readTraining(field.at("training"));
    if (isTuned) node.tuning = readTuning(field.at("tuning"));
    return node;
}

void mustBeOurs(const Field& root) {
    root.mustBeObject();
    if (!root.has("format") || root.at("format").json != kFormat)
        refuse("it is no session: \"format\" is not \"espalier-session\"",
               "Choose a *.espalier file");
    if (!root.has("version") || root.at("version").json != kVersion)
        refuse(
            cat("\"version\" is ", root.has("version") ? root.at("version").json.dump() : "missing",
                ", this program reads version ", kVersion),
            "Open it with the version of Espalier that wrote it");
}

SessionFile readRoot(const Field& root, const fs::path& folder) {
    mustBeOurs(root);
    mustHaveJust(root,
                 {"format", "version", "models", "data", "nodes", "current", "plan", "layout"});
    const auto each = [](const Field& list, const auto& read) {
        list.mustBeList();
        for (std::size_t i = 0; i < list.json.size(); ++i)
            read(Field{list.json[i], cat(list.path, "[", i, "]")}, i);
    };
    SessionFile session;
    each(root.at("models"), [&](const Field& model, std::size_t) {
        session.models.push_back(readModel(model, folder));
    });
    if (!root.json.at("data").is_null()) session.data = readSessionData(root.at("data"), folder);
    each(root.at("nodes"), [&](const Field& node, std::size_t place) {
        session.nodes.push_back(readNode(node, place, session.models.size(), folder));
    });
    session.current = readPlace(root.at("current"), session.nodes.size(), "node");
    session.plan = readPlan(root.at("plan"));
    session.layout = root.at("layout").text();
    return session;
}

Error cannotOpen(const std::string& why, const std::string& hint) {
    return {Error::Kind::BadArgument, std::string(kCannotOpen), why, hint};
}

}  // namespace

SessionModel sessionModel(const model::Snapshot& snapshot) {
    SessionModel model;
    std::error_code failed;
    model.path = fs::absolute(snapshot.file().path, failed);
    model.sha256 = snapshot.file().sha256;
    if (!snapshot.inputsAreGuessed())
        model.inputs.assign(snapshot.inputs().begin(), snapshot.inputs().end());
    for (const model::Layer& layer : snapshot.layers()) model.layers[layer.name] = layer.shape;
    return model;
}

std::string sessionToJson(const SessionFile& session, const fs::path& folder) {
    Json models = Json::array();
    for (const SessionModel& model : session.models) models.push_back(modelJson(model, folder));
    Json nodes = Json::array();
    for (const SessionNode& node : session.nodes) nodes.push_back(nodeJson(node, folder));
    const Json root{{"format", kFormat},
                    {"version", kVersion},
                    {"models", std::move(models)},
                    {"data", session.data ? sessionDataJson(*session.data, folder) : Json(nullptr)},
                    {"nodes", std::move(nodes)},
                    {"current", session.current},
                    {"plan", planJson(session.plan)},
                    {"layout", session.layout}};
    return exchange::jsonText(root, 1) + "\n";
}

namespace {

/// What `read` makes of `text`, with an error for whatever is wrong in it.
template <class Value>
Result<Value> parsed(std::string_view text, const std::function<Value(const Field&)>& read) {
    return guarded(kCannotOpen, [&]() -> Result<Value> {
        try {
            const Json root = exchange::parseOnce<Json>(text);
            return read({root, ""});
        } catch (const exchange::Refusal& refusal) {
            return cannotOpen(refusal.error.why, refusal.error.hint);
        } catch (const exchange::RepeatedKey& repeated) {
            return cannotOpen(repeated.why(), exchange::RepeatedKey::kHint);
        } catch (const Json::parse_error& error) {
            return cannotOpen(
                cat("the file is damaged: it breaks off or was altered near byte ", error.byte),
                kHowToGoOn);
        } catch (const Json::exception&) {
            return cannotOpen("the file is damaged: it holds a value that cannot be read",
                              kHowToGoOn);
        }
    });
}

}  // namespace

Result<SessionFile> sessionFromJson(std::string_view text, const fs::path& folder) {
    return parsed<SessionFile>(text, [&](const Field& root) { return readRoot(root, folder); });
}

std::string sessionDataToJson(const SessionData& data) {
    return sessionDataJson(data, fs::path("/")).dump();
}

Result<SessionData> sessionDataFromJson(std::string_view text) {
    return parsed<SessionData>(
        text, [](const Field& root) { return readSessionData(root, fs::path("/")); });
}

Result<SessionFile> readSessionFile(const fs::path& path) {
    const auto text = readText(path, kLargest);
    if (!text) return text.error();
    auto session = sessionFromJson(*text, fs::absolute(path).parent_path());
    if (session) return session;
    Error error = session.error();
    error.what = cat("Cannot open the session ", path.filename().string());
    return error;
}

fs::path weightsFolder(const fs::path& session) {
    fs::path folder = session;
    return folder.replace_extension(".espalier-weights");
}

}  // namespace espalier::project
