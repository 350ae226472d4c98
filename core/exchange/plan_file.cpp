// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/plan_file.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/prune/criterion.h"

namespace espalier::exchange {

namespace {

using Json = nlohmann::ordered_json;
using prune::Plan;
using prune::WeightRule;

constexpr std::string_view kFormat = "espalier-plan";
constexpr int kVersion = 1;
constexpr std::string_view kWhat = "Cannot read the plan";

/// Thrown inside this file only, and caught by planFromJson: a reader that can stop anywhere stays
/// short.
struct Refusal {
    Error error;
};

[[noreturn]] void refuse(const std::string& why, const std::string& hint = {},
                         Error::Kind kind = Error::Kind::BadArgument) {
    throw Refusal{{kind, std::string(kWhat), why, hint}};
}

/// A value and the path of keys that leads to it, which errors name.
struct Node {
    const Json& json;
    std::string path;

    std::string pathOf(std::string_view key) const {
        return path.empty() ? std::string(key) : cat(path, ".", key);
    }
    bool has(const char* key) const { return json.contains(key); }
    Node at(const std::string& key) const { return {json.at(key), pathOf(key)}; }

    void mustBeObject(std::initializer_list<std::string_view> known) const {
        mustBeObject();
        std::string list;
        for (const auto name : known) list += cat(list.empty() ? "" : ", ", name);
        for (const auto& [key, value] : json.items()) {
            if (std::find(known.begin(), known.end(), key) == known.end()) {
                refuse(cat("\"", pathOf(key), "\" is no key of a plan"),
                       "Known keys here are " + list);
            }
        }
    }
    void mustBeObject() const {
        if (!json.is_object()) refuse(cat(name(), " is not an object"));
    }
    void mustBeList() const {
        if (!json.is_array()) refuse(cat(name(), " is not a list"));
    }
    std::string text() const {
        if (!json.is_string()) refuse(cat(name(), " is not a text"));
        return json.get<std::string>();
    }
    double number() const {
        if (!json.is_number()) refuse(cat(name(), " is not a number"));
        return json.get<double>();
    }
    std::string name() const { return path.empty() ? "the file" : cat("\"", path, "\""); }
};

WeightRule readPattern(const Node& node) {
    const std::string text = node.text();
    WeightRule rule = WeightRule::pattern(0, 0);
    const char* end = text.data() + text.size();
    const auto keep = std::from_chars(text.data(), end, rule.keep);
    if (keep.ec == std::errc() && keep.ptr != end && *keep.ptr == ':') {
        const auto group = std::from_chars(keep.ptr + 1, end, rule.group);
        if (group.ec == std::errc() && group.ptr == end) return rule;
    }
    refuse(cat(node.name(), " is \"", text, "\", no pattern"),
           "Write a pattern as n:m, such as \"2:4\"");
}

WeightRule readRule(const Node& entry) {
    entry.mustBeObject({"threshold", "sparsity", "sigma", "pattern"});
    if (entry.json.size() != 1) {
        refuse(cat(entry.name(), " has ", entry.json.size(), " rules"),
               "Give exactly one of threshold, sparsity, sigma, pattern");
    }
    const Node value = entry.at(entry.json.begin().key());
    WeightRule rule;
    if (entry.has("threshold"))
        rule = WeightRule::threshold(value.number());
    else if (entry.has("sparsity"))
        rule = WeightRule::sparsity(value.number());
    else if (entry.has("sigma"))
        rule = WeightRule::sigma(value.number());
    else
        rule = readPattern(value);
    if (const auto inRange = prune::checkRule(entry.path, rule); !inRange) {
        refuse(cat(value.name(), ": ", inRange.error().why), inRange.error().hint);
    }
    return rule;
}

void readChannelDefaults(const Node& node) {
    node.mustBeObject({"criterion", "reduce", "normalise", "floor"});
    for (const char* key : {"criterion", "reduce", "normalise"}) {
        if (node.has(key)) node.at(key).text();
    }
    if (node.has("floor")) node.at("floor").number();
}

/// What concerns channels and data is checked but has no effect yet: without channel rules nothing
/// asks for it.
void readDefaults(const Node& node, Plan& plan) {
    node.mustBeObject({"weights", "channels", "seed", "data"});
    if (node.has("weights")) {
        const Node weights = node.at("weights");
        weights.mustBeObject({"criterion"});
        if (weights.has("criterion")) plan.weightCriterion = weights.at("criterion").text();
        if (const auto known = prune::findWeightCriterion(plan.weightCriterion); !known) {
            refuse(cat("\"", weights.pathOf("criterion"), "\": ", known.error().why),
                   known.error().hint);
        }
    }
    if (node.has("channels")) readChannelDefaults(node.at("channels"));
    if (node.has("data")) node.at("data").text();
    if (node.has("seed")) {
        const Node seed = node.at("seed");
        if (!seed.json.is_number_unsigned())
            refuse(cat(seed.name(), " is not a whole number of at least 0"));
        plan.seed = seed.json.get<std::uint64_t>();
    }
}

void refuseChannels(const Node& root, const char* key) {
    if (!root.has(key)) return;
    const Node node = root.at(key);
    node.mustBeObject();
    if (node.json.empty()) return;
    refuse(cat("\"", node.pathOf(node.json.begin().key()),
               "\": channel rules need a later version of Espalier"),
           cat("Remove what is in \"", key, "\" to use the plan's weight rules"),
           Error::Kind::Unsupported);
}

void readInputs(const Node& node, Plan& plan) {
    node.mustBeList();
    for (std::size_t i = 0; i < node.json.size(); ++i) {
        const Node input{node.json[i], cat(node.path, "[", i, "]")};
        auto spec = script::parseInputSpec(input.text());
        if (!spec) refuse(cat(input.name(), ": ", spec.error().why), spec.error().hint);
        plan.inputs.push_back(std::move(spec).value());
    }
}

void mustBeOurs(const Node& root) {
    root.mustBeObject();
    if (!root.has("format") || root.at("format").json != kFormat) {
        refuse("it is no plan: \"format\" is not \"espalier-plan\"",
               "Choose a *.espalier-plan.json file");
    }
    if (!root.has("version") || root.at("version").json != kVersion) {
        refuse(
            cat("\"version\" is ", root.has("version") ? root.at("version").json.dump() : "missing",
                ", this program reads version ", kVersion),
            "Open it with the version of Espalier that wrote it");
    }
}

Plan readRoot(const Node& root) {
    mustBeOurs(root);
    root.mustBeObject({"format", "version", "model", "inputs", "defaults", "weights", "channels",
                       "marks", "locked"});
    Plan plan;
    if (root.has("model")) {
        const Node model = root.at("model");
        model.mustBeObject({"file", "sha256"});
        if (model.has("file")) plan.modelFile = model.at("file").text();
        if (model.has("sha256")) plan.modelSha256 = model.at("sha256").text();
    }
    refuseChannels(root, "channels");
    refuseChannels(root, "marks");
    if (root.has("inputs")) readInputs(root.at("inputs"), plan);
    if (root.has("defaults")) readDefaults(root.at("defaults"), plan);
    if (root.has("weights")) {
        const Node weights = root.at("weights");
        weights.mustBeObject();
        for (const auto& [name, rule] : weights.json.items())
            plan.weights[name] = readRule({rule, weights.pathOf(name)});
    }
    if (root.has("locked")) {
        const Node locked = root.at("locked");
        locked.mustBeList();
        for (std::size_t i = 0; i < locked.json.size(); ++i) {
            plan.locked.insert(Node{locked.json[i], cat("locked[", i, "]")}.text());
        }
    }
    return plan;
}

/// Parses, and refuses an object that has a key twice: of two rules for one weight, neither may win
/// silently.
Json parse(std::string_view text) {
    std::vector<std::set<std::string>> open;
    const auto watch = [&open](int, Json::parse_event_t event, Json& parsed) {
        if (event == Json::parse_event_t::object_start) open.emplace_back();
        if (event == Json::parse_event_t::object_end) open.pop_back();
        if (event == Json::parse_event_t::key &&
            !open.back().insert(parsed.get<std::string>()).second) {
            refuse(cat("\"", parsed.get<std::string>(), "\" is there twice"),
                   "Keep one of the two");
        }
        return true;
    };
    return Json::parse(text, watch);
}

Error notReadable(const std::string& why) {
    return {Error::Kind::BadArgument, std::string(kWhat), why,
            "Choose a *.espalier-plan.json file"};
}

Json toJson(const WeightRule& rule) {
    switch (rule.kind) {
        case WeightRule::Kind::Threshold:
            return {{"threshold", rule.value}};
        case WeightRule::Kind::Sparsity:
            return {{"sparsity", rule.value}};
        case WeightRule::Kind::Sigma:
            return {{"sigma", rule.value}};
        case WeightRule::Kind::Pattern:
            return {{"pattern", cat(rule.keep, ":", rule.group)}};
    }
    return {};
}

}  // namespace

std::string planToJson(const Plan& plan) {
    Json inputs = Json::array();
    for (const auto& input : plan.inputs) inputs.push_back(script::toString(input));
    Json weights = Json::object();
    for (const auto& [name, rule] : plan.weights) weights[name] = toJson(rule);
    const Json root{
        {"format", kFormat},
        {"version", kVersion},
        {"model", {{"file", plan.modelFile}, {"sha256", plan.modelSha256}}},
        {"inputs", inputs},
        {"defaults",
         {{"weights", {{"criterion", plan.weightCriterion}}},
          {"channels", Json::object()},
          {"seed", plan.seed},
          {"data", ""}}},
        {"weights", weights},
        {"channels", Json::object()},
        {"marks", Json::object()},
        {"locked", plan.locked},
    };
    return root.dump(2) + "\n";
}

Result<Plan> planFromJson(std::string_view text) {
    return guarded(kWhat, [&]() -> Result<Plan> {
        try {
            const Json root = parse(text);
            return readRoot({root, ""});
        } catch (const Refusal& refusal) {
            return refusal.error;
        } catch (const Json::parse_error& error) {
            return notReadable(cat("it is no JSON (near byte ", error.byte, ")"));
        } catch (const Json::out_of_range&) {
            return notReadable("it holds a number that is too large");
        }
    });
}

Result<Plan> readPlan(const std::filesystem::path& path) {
    const auto text = readText(path);
    if (!text) return text.error();
    auto plan = planFromJson(*text);
    if (plan) return plan;
    Error error = plan.error();
    error.what = cat("Cannot read the plan ", path.filename().string());
    return error;
}

Result<void> writePlan(const Plan& plan, const std::filesystem::path& path) {
    return guarded("Cannot write the plan",
                   [&] { return writeTextAtomically(path, planToJson(plan)); });
}

}  // namespace espalier::exchange
