// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/reports.h"

#include <nlohmann/json.hpp>

#include "core/base/format.h"
#include "core/base/option_names.h"
#include "core/exchange/json_text.h"
#include "core/exchange/report_values.h"

namespace espalier::exchange {

namespace {

Json layerJson(const model::Layer& layer, const channels::ChannelGroups* groups) {
    const auto prunable = prunabilityOf(layer, groups);
    const channels::Group* group = groupOf(layer, groups);
    return Json{{"name", layer.name},
                {"op", layer.op},
                {"shape", layer.shape},
                {"parameters", layer.parameters},
                {"macs", layer.macs},
                {"prunable",
                 {{"weights", prunable.weights},
                  {"channels", prunable.channels},
                  {"reason", prunable.reason}}},
                {"group", group ? Json(group->key) : Json(nullptr)}};
}

Json groupJson(const channels::Group& group) {
    Json members = Json::array();
    for (const auto& member : group.members) {
        members.push_back({{"parameter", member.parameter},
                           {"axis", member.axis},
                           {"role", channels::nameOf(member.role)},
                           {"indices", member.indices}});
    }
    return Json{{"key", group.key},       {"width", group.width},    {"heads", group.heads},
                {"members", members},     {"exact", group.exact},    {"locked", group.locked},
                {"reason", group.reason}, {"through", group.through}};
}

}  // namespace

const channels::Group* groupOf(const model::Layer& layer, const channels::ChannelGroups* groups) {
    if (!groups) return nullptr;
    if (const auto id = groups->producing(layer.name)) return &groups->group(*id);
    for (const channels::Group& group : groups->groups()) {
        for (const channels::Member& member : group.members) {
            if (member.role == channels::Role::Affine && member.parameter == layer.name)
                return &group;
        }
    }
    return nullptr;
}

model::Prunability prunabilityOf(const model::Layer& layer, const channels::ChannelGroups* groups) {
    model::Prunability prunable = layer.prunable;
    if (!groups) return prunable;
    const auto produced = groups->producing(layer.name);
    prunable.channels = produced && !groups->group(*produced).locked;
    if (prunable.channels || !prunable.weights) return prunable;
    const std::string why = groups->whyNot(layer.name);
    prunable.reason = "channels: " + (why.empty() ? "it computes none that could go" : why);
    return prunable;
}

std::string LayerOutcome::requestedText() const {
    if (!requested) return "–";
    const bool isSparsity = requested->kind == prune::WeightRule::Kind::Sparsity;
    return isSparsity ? percent(requested->value) : prune::describe(*requested);
}

std::string inspectToJson(const model::Snapshot& snapshot, const channels::ChannelGroups* groups,
                          const std::vector<std::string>& notes) {
    Json json = header("espalier-inspect");
    Json inputs = Json::array();
    for (const auto& input : snapshot.inputs()) inputs.push_back(script::toString(input));
    json["inputs"] = inputs;
    json["inputs_guessed"] = snapshot.inputsAreGuessed();
    json["parameters"] = snapshot.parameters();
    json["macs"] = snapshot.macs();
    json["layers"] = Json::array();
    for (const auto& layer : snapshot.layers()) json["layers"].push_back(layerJson(layer, groups));
    json["groups"] = Json::array();
    if (groups) {
        for (const auto& group : groups->groups()) json["groups"].push_back(groupJson(group));
    }
    json["notes"] = notes;
    return jsonText(json, -1);
}

PruneReport forBothPrograms(PruneReport report) {
    const auto clear = [](std::vector<std::string>& texts) {
        for (std::string& text : texts) text = withoutOptions(std::move(text));
    };
    clear(report.notes);
    if (report.data) clear(report.data->info.notes);
    if (report.proof) clear(report.proof->unproved);
    for (GroupOutcome& group : report.groups)
        group.choice.constraint = withoutOptions(std::move(group.choice.constraint));
    return report;
}

Json evaluationJson(const measure::Evaluation& evaluation) {
    Json classes = Json::array();
    for (const auto& entry : evaluation.classes) {
        const double samples = static_cast<double>(entry.samples);
        classes.push_back({{"name", entry.name},
                           {"samples", entry.samples},
                           {"correct", entry.correct},
                           {"top1", entry.samples ? entry.correct / samples : 0.0}});
    }
    Json json{{"split", data::name(evaluation.split)},
              {"samples", evaluation.samples},
              {"metric", {{"name", evaluation.metric.name}, {"value", evaluation.score}}},
              {"loss", evaluation.loss},
              {"loss_name", evaluation.metric.loss}};
    if (evaluation.metric.kind == measure::Metric::Kind::Agreement) {
        json["agreement"] = evaluation.top1;
        json["agreement_top5"] = evaluation.top5;
    } else if (evaluation.metric.hasShares) {
        json["top1"] = evaluation.top1;
        json["top5"] = evaluation.top5;
    }
    json["classes"] = classes;
    json["seconds"] = evaluation.seconds;
    return json;
}

std::string evaluationToJson(const measure::Evaluation& evaluation) {
    Json json = header("espalier-evaluation");
    json.update(evaluationJson(evaluation));
    return jsonText(json, 2);
}

std::string latencyToJson(const std::vector<measure::Latency>& latencies) {
    Json json = header("espalier-latency");
    json["unit"] = "ms";
    json["models"] = Json::array();
    for (const auto& latency : latencies) {
        json["models"].push_back({{"name", latency.name},
                                  {"median", latency.median},
                                  {"p10", latency.p10},
                                  {"p90", latency.p90},
                                  {"runs", latency.runs}});
    }
    return jsonText(json, 2);
}

}  // namespace espalier::exchange
