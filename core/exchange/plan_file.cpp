// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/plan_file.h"

#include <charconv>
#include <vector>

#include "core/base/files.h"
#include "core/exchange/json_text.h"
#include "core/exchange/plan_node.h"
#include "core/prune/criterion.h"

namespace espalier::exchange {

namespace {

using prune::Plan;
using prune::WeightRule;

constexpr std::string_view kFormat = "espalier-plan";
constexpr int kVersion = 1;

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
    if (node.has("channels")) readChannelDefaults(node.at("channels"), plan.channelDefaults);
    if (node.has("data")) plan.data = node.at("data").text();
    if (node.has("seed")) {
        const Node seed = node.at("seed");
        if (!seed.json.is_number_unsigned())
            refuse(cat(seed.name(), " is not a whole number of at least 0"));
        plan.seed = seed.json.get<std::uint64_t>();
    }
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
    if (root.has("inputs")) readInputs(root.at("inputs"), plan);
    if (root.has("defaults")) readDefaults(root.at("defaults"), plan);
    if (root.has("weights")) {
        const Node weights = root.at("weights");
        weights.mustBeObject();
        for (const auto& [name, rule] : weights.json.items())
            plan.weights[name] = readRule({rule, weights.pathOf(name)});
    }
    if (root.has("channels")) readChannels(root.at("channels"), plan);
    if (root.has("marks")) readMarks(root.at("marks"), plan);
    if (root.has("locked")) {
        const Node locked = root.at("locked");
        locked.mustBeList();
        for (std::size_t i = 0; i < locked.json.size(); ++i) {
            plan.locked.insert(Node{locked.json[i], cat("locked[", i, "]")}.text());
        }
    }
    return plan;
}

Error notReadable(const std::string& why) {
    return {Error::Kind::BadArgument, std::string(kCannotRead), why,
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
          {"channels", channelDefaultsJson(plan.channelDefaults)},
          {"seed", plan.seed},
          {"data", plan.data}}},
        {"weights", weights},
        {"channels", channelsJson(plan)},
        {"marks", marksJson(plan)},
        {"locked", plan.locked},
    };
    return jsonText(root, 2) + "\n";
}

Result<Plan> planFromJson(std::string_view text) {
    return guarded(kCannotRead, [&]() -> Result<Plan> {
        try {
            const Json root = parseOnce<Json>(text);
            return readRoot({root, ""});
        } catch (const Refusal& refusal) {
            return refusal.error;
        } catch (const RepeatedKey& repeated) {
            return Error{Error::Kind::BadArgument, std::string(kCannotRead), repeated.why(),
                         RepeatedKey::kHint};
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
