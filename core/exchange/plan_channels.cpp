// SPDX-License-Identifier: GPL-3.0-or-later
// The channel part of a plan file.
#include "core/exchange/plan_node.h"
#include "core/prune/channel_criterion.h"

namespace espalier::exchange {

namespace {

using prune::ChannelDefaults;
using prune::ChannelMarks;
using prune::ChannelRule;
using prune::Plan;

template <class T>
T valueOf(const Node& node, Result<T> parsed) {
    if (!parsed) refuse(cat(node.name(), ": ", parsed.error().why), parsed.error().hint);
    return *parsed;
}

ChannelRule readRule(const Node& entry) {
    entry.mustBeObject({"keep", "ratio", "threshold", "multiple_of"});
    const auto rules = entry.json.size() - entry.json.count("multiple_of");
    if (rules != 1) {
        refuse(cat(entry.name(), " has ", rules, " rules"),
               "Give exactly one of keep, ratio, threshold");
    }
    ChannelRule rule;
    if (entry.has("keep"))
        rule = ChannelRule::keepBest(entry.at("keep").wholeNumber());
    else if (entry.has("ratio"))
        rule = ChannelRule::ratio(entry.at("ratio").number());
    else
        rule = ChannelRule::threshold(entry.at("threshold").number());
    if (entry.has("multiple_of")) rule.multipleOf = entry.at("multiple_of").wholeNumber();
    if (const auto inRange = prune::checkRule(entry.path, rule); !inRange)
        refuse(cat(entry.name(), ": ", inRange.error().why), inRange.error().hint);
    return rule;
}

std::set<std::int64_t> readIndices(const Node& node) {
    node.mustBeList();
    std::set<std::int64_t> indices;
    for (std::size_t i = 0; i < node.json.size(); ++i) {
        const Node index{node.json[i], cat(node.path, "[", i, "]")};
        if (index.wholeNumber() < 0) refuse(cat(index.name(), " is negative"));
        indices.insert(index.wholeNumber());
    }
    return indices;
}

}  // namespace

void readChannels(const Node& node, Plan& plan) {
    node.mustBeObject();
    for (const auto& [key, rule] : node.json.items())
        plan.channels[key] = readRule({rule, node.pathOf(key)});
}

void readMarks(const Node& node, Plan& plan) {
    node.mustBeObject();
    for (const auto& [key, json] : node.json.items()) {
        const Node entry{json, node.pathOf(key)};
        entry.mustBeObject({"keep", "remove"});
        ChannelMarks marks;
        if (entry.has("keep")) marks.keep = readIndices(entry.at("keep"));
        if (entry.has("remove")) marks.remove = readIndices(entry.at("remove"));
        for (const std::int64_t index : marks.keep) {
            if (marks.remove.contains(index)) {
                refuse(cat(entry.name(), " marks channel ", index, " both to keep and to remove"),
                       "Keep one of the two");
            }
        }
        if (!marks.isEmpty()) plan.marks[key] = marks;
    }
}

void readChannelDefaults(const Node& node, ChannelDefaults& defaults) {
    node.mustBeObject(
        {"criterion", "reduce", "consumers", "normalise", "heads", "floor", "allow_inexact"});
    if (node.has("criterion")) {
        const Node criterion = node.at("criterion");
        defaults.criterion = valueOf(criterion, prune::findChannelCriterion(criterion.text())).name;
    }
    if (node.has("reduce")) {
        const Node reduce = node.at("reduce");
        defaults.reduce = valueOf(reduce, prune::parseReduction(reduce.text()));
    }
    if (node.has("consumers")) defaults.withConsumers = node.at("consumers").boolean();
    if (node.has("normalise")) {
        const Node normalise = node.at("normalise");
        defaults.normalise = valueOf(normalise, prune::parseNormalisation(normalise.text()));
    }
    if (node.has("heads")) {
        const Node heads = node.at("heads");
        defaults.heads = valueOf(heads, channels::parseHeadUnit(heads.text()));
    }
    if (node.has("allow_inexact")) defaults.allowInexact = node.at("allow_inexact").boolean();
    if (!node.has("floor")) return;
    defaults.floor = node.at("floor").number();
    if (!(defaults.floor >= 0 && defaults.floor <= 1)) {
        refuse(cat(node.at("floor").name(), " is not between 0 and 1"), "Write 10\u2009% as 0.1");
    }
}

Json channelsJson(const Plan& plan) {
    Json json = Json::object();
    for (const auto& [key, rule] : plan.channels) {
        Json& entry = json[key];
        switch (rule.kind) {
            case ChannelRule::Kind::Keep:
                entry["keep"] = rule.keep;
                break;
            case ChannelRule::Kind::Ratio:
                entry["ratio"] = rule.value;
                break;
            case ChannelRule::Kind::Threshold:
                entry["threshold"] = rule.value;
                break;
        }
        if (rule.multipleOf > 1) entry["multiple_of"] = rule.multipleOf;
    }
    return json;
}

Json marksJson(const Plan& plan) {
    Json json = Json::object();
    for (const auto& [key, marks] : plan.marks)
        json[key] = {{"keep", marks.keep}, {"remove", marks.remove}};
    return json;
}

Json channelDefaultsJson(const ChannelDefaults& defaults) {
    return {{"criterion", defaults.criterion},
            {"reduce", prune::nameOf(defaults.reduce)},
            {"consumers", defaults.withConsumers},
            {"normalise", prune::nameOf(defaults.normalise)},
            {"heads", channels::nameOf(defaults.heads)},
            {"floor", defaults.floor},
            {"allow_inexact", defaults.allowInexact}};
}

}  // namespace espalier::exchange
