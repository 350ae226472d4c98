// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/reports.h"

#include <nlohmann/json.hpp>

namespace espalier::exchange {

namespace {

using Json = nlohmann::ordered_json;

Json header(const char* format) {
    return Json{{"format", format}, {"version", 1}};
}

Json beforeAfter(std::int64_t before, std::int64_t after) {
    return Json{{"before", before}, {"after", after}};
}

Json layerJson(const model::Layer& layer) {
    const auto& prunable = layer.prunable;
    return Json{{"name", layer.name},
                {"op", layer.op},
                {"shape", layer.shape},
                {"parameters", layer.parameters},
                {"macs", layer.macs},
                {"prunable",
                 {{"weights", prunable.weights},
                  {"channels", prunable.channels},
                  {"reason", prunable.reason}}},
                {"group", nullptr}};
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
    return Json{{"split", data::name(evaluation.split)},
                {"samples", evaluation.samples},
                {"loss", evaluation.loss},
                {"top1", evaluation.top1},
                {"top5", evaluation.top5},
                {"classes", classes},
                {"seconds", evaluation.seconds}};
}

Json trainingJson(const TrainingSummary& training) {
    Json json{{"epochs", training.epochs},
              {"best_epoch", training.bestEpoch},
              {"before", evaluationJson(training.before)},
              {"after", evaluationJson(training.after)}};
    if (training.test) json["test"] = evaluationJson(*training.test);
    return json;
}

}  // namespace

std::string inspectToJson(const model::Snapshot& snapshot) {
    Json json = header("espalier-inspect");
    Json inputs = Json::array();
    for (const auto& input : snapshot.inputs()) inputs.push_back(script::toString(input));
    json["inputs"] = inputs;
    json["inputs_guessed"] = snapshot.inputsAreGuessed();
    json["parameters"] = snapshot.parameters();
    json["macs"] = snapshot.macs();
    json["layers"] = Json::array();
    for (const auto& layer : snapshot.layers()) json["layers"].push_back(layerJson(layer));
    json["groups"] = Json::array();
    json["notes"] = std::vector<std::string>(snapshot.notes().begin(), snapshot.notes().end());
    return json.dump(2);
}

std::string reportToJson(const PruneReport& report) {
    const auto& before = report.before;
    const auto& after = report.after;
    Json json = header("espalier-report");
    json["parameters"] = beforeAfter(before.parameters, after.parameters);
    json["nonzeros"] = beforeAfter(before.nonzeros, after.nonzeros);
    json["macs"] = beforeAfter(before.macs, after.macs);
    json["macs"]["effective"] = after.macsEffective;
    json["bytes"] = beforeAfter(report.fileBytesBefore, report.fileBytesAfter);
    json["bytes"]["compressed_estimate"] = after.bytesCompressed;
    json["proof"] = {{"max_relative_difference", 0.0},
                     {"inputs", report.inputs},
                     {"exact", true},
                     {"unproved", Json::array()}};
    json["kept"] = Json::object();
    json["requested"] = Json::object();
    json["reached"] = Json::object();
    for (const auto& layer : report.layers) {
        if (layer.requested) json["requested"][layer.weight] = *layer.requested;
        json["reached"][layer.weight] = layer.reached;
    }
    json["seconds"] = Json::object();
    for (const auto& [stage, seconds] : report.seconds) json["seconds"][stage] = seconds;
    if (report.training) json["training"] = trainingJson(*report.training);
    return json.dump(2);
}

std::string evaluationToJson(const measure::Evaluation& evaluation) {
    Json json = header("espalier-evaluation");
    json.update(evaluationJson(evaluation));
    return json.dump(2);
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
    return json.dump(2);
}

}  // namespace espalier::exchange
