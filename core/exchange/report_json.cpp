// SPDX-License-Identifier: GPL-3.0-or-later
// The report of a pruning as JSON.
#include <cmath>

#include "core/base/format.h"
#include "core/exchange/json_text.h"
#include "core/exchange/report_cards.h"
#include "core/exchange/report_values.h"
#include "core/exchange/reports.h"

namespace espalier::exchange {

namespace {

Json beforeAfter(std::int64_t before, std::int64_t after) {
    return Json{{"before", before}, {"after", after}};
}

/// The keys of a proof are there whether channels were cut or not: without, the file was compared
/// bit for bit.
Json proofJson(const PruneReport& report) {
    channels::Proof proof;
    proof.dtype = report.dtype;
    proof.inputs = report.inputs;
    if (report.proof) proof = *report.proof;
    return Json{{"max_relative_difference", proof.maxRelativeDifference},
                {"tolerance", proof.tolerance},
                {"dtype", proof.dtype},
                {"inputs", proof.inputs},
                {"exact", proof.exact},
                {"already_zero", proof.alreadyZero},
                {"vacuous", proof.isVacuous},
                {"compensated", proof.compensated},
                {"unproved", proof.unproved}};
}

Json keptJson(const channels::KeptPositions& kept) {
    Json json = Json::object();
    for (const auto& [parameter, axes] : kept) {
        for (const auto& [axis, positions] : axes)
            json[parameter][std::to_string(axis)] = positions;
    }
    return json;
}

/// Weights by the share that goes, groups by the channels that stay.
void addOutcomes(Json& json, const PruneReport& report) {
    json["requested"] = Json::object();
    json["reached"] = Json::object();
    for (const auto& layer : report.layers) {
        if (const auto& rule = layer.requested) {
            const bool isSparsity = rule->kind == prune::WeightRule::Kind::Sparsity;
            json["requested"][layer.weight] =
                isSparsity ? Json(rule->value) : Json(prune::describe(*rule));
        }
        json["reached"][layer.weight] = layer.reached;
    }
    for (const auto& [key, exact, choice] : report.groups) {
        json["requested"][key] = {{"keep", choice.requested}, {"width", choice.width}};
        json["reached"][key] = {{"keep", choice.reached()}, {"width", choice.width}};
        if (!choice.constraint.empty()) json["reached"][key]["constraint"] = choice.constraint;
    }
}

/// JSON has no NaN: what was not measured is null.
Json realJson(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json trainingJson(const TrainingSummary& training) {
    Json json{{"epochs", training.epochs},
              {"best_epoch", training.bestEpoch},
              {"opened", training.opened ? evaluationJson(*training.opened) : Json(nullptr)},
              {"before", evaluationJson(training.before)},
              {"after", evaluationJson(training.after)}};
    if (training.test) json["test"] = evaluationJson(*training.test);
    if (!training.recipe.empty()) json["recipe"] = Json::parse(training.recipe);
    return json;
}

Json curveJson(const TrainingCurve& curve) {
    Json epochs = Json::array();
    for (const train::TrainSample& sample : curve.samples) {
        if (std::isnan(sample.valLoss)) continue;  // a step
        epochs.push_back({{"epoch", sample.epoch},
                          {"step", sample.step},
                          {"loss", realJson(sample.loss)},
                          {"val_loss", realJson(sample.valLoss)},
                          {"metric", realJson(sample.score)},
                          {"sparsity", sample.sparsity}});
    }
    return epochs;
}

Json layersJson(const std::vector<LayerOutcome>& layers) {
    Json list = Json::array();
    for (const LayerOutcome& layer : layers) {
        list.push_back({{"weight", layer.weight},
                        {"op", layer.op},
                        {"shape", layer.shape},
                        {"macs", layer.macs},
                        {"weights", layer.weights},
                        {"removed", layer.removed}});
    }
    return list;
}

Json environmentJson(const Environment& here) {
    return {{"program", here.program},     {"torch", here.torch}, {"system", here.system},
            {"processor", here.processor}, {"cores", here.cores}, {"threads", here.threads},
            {"device", here.device},       {"time", here.time}};
}

Json dataJson(const DataSummary& data) {
    return {{"name", data.info.name},
            {"kind", data.info.kind},
            {"path", data.path.string()},
            {"train", data.info.train},
            {"validation", data.info.validation},
            {"test", data.info.test}};
}

Json statesJson(const std::vector<MeasuredState>& states) {
    Json list = Json::array();
    for (const MeasuredState& state : states) {
        list.push_back({{"name", state.name},
                        {"nonzeros", state.nonzeros},
                        {"macs", state.macs},
                        {"is_shown", state.isShown},
                        {"evaluation", evaluationJson(state.evaluation)}});
    }
    return list;
}

Json sensitivityJson(const measure::Sensitivity& sensitivity) {
    Json curves = Json::array();
    for (const auto& curve : sensitivity.curves) {
        Json points = Json::array();
        for (const auto& point : curve.points) {
            points.push_back({{"sparsity", point.sparsity},
                              {"metric", realJson(point.figures.score)},
                              {"loss", realJson(point.figures.loss)}});
        }
        curves.push_back({{"name", curve.name},
                          {"largest", curve.largest ? Json(*curve.largest) : Json(nullptr)},
                          {"points", std::move(points)}});
    }
    return {{"metric", sensitivity.metric.name},
            {"dense", realJson(sensitivity.dense.score)},
            {"samples", sensitivity.samples},
            {"curves", std::move(curves)}};
}

/// The six figures of the page's cards; null where one is not known.
Json impactJson(const PruneReport& report) {
    const auto valueOf = [](const ReportCard& card, const std::optional<double>& value) {
        if (!value) return Json(nullptr);
        return card.isCount() ? Json(std::llround(*value)) : realJson(*value);
    };
    Json json = Json::object();
    for (const ReportCard& card : cardsOf(report)) {
        json[card.key] = {{"before", valueOf(card, card.before)},
                          {"after", valueOf(card, card.after)},
                          {"unit", card.unit},
                          {"basis", nameOf(card.basis)}};
        if (!card.note.empty()) json[card.key]["note"] = card.note;
    }
    return json;
}

/// What a report has beside its figures: how it came about, and what the window had measured.
void addConditions(Json& json, const PruneReport& report) {
    json["layers"] = layersJson(report.layers);
    if (!report.plan.empty()) json["plan"] = Json::parse(report.plan);
    if (!report.command.empty()) json["command"] = report.command;
    if (report.data) json["data"] = dataJson(*report.data);
    json["environment"] = environmentJson(report.environment);
    if (report.curve) json["curve"] = curveJson(*report.curve);
    if (!report.states.empty()) json["states"] = statesJson(report.states);
    if (!report.latencies.empty())
        json["latency"] = Json::parse(latencyToJson(report.latencies))["models"];
    if (report.sensitivity) json["sensitivity"] = sensitivityJson(*report.sensitivity);
}

}  // namespace

std::string reportToJson(const PruneReport& given) {
    const PruneReport report = forBothPrograms(given);
    const auto& before = report.before;
    const auto& after = report.after;
    Json json = header("espalier-report");
    json["parameters"] = beforeAfter(before.parameters, after.parameters);
    json["nonzeros"] = beforeAfter(before.nonzeros, after.nonzeros);
    json["macs"] = beforeAfter(before.macs, after.macs);
    json["macs"]["effective"] = after.macsEffective;
    json["bytes"] = beforeAfter(report.fileBytesBefore, report.fileBytesAfter);
    json["bytes"]["compressed_estimate"] = after.bytesCompressed;
    if (report.isPreview) json["bytes"]["after_is_estimate"] = true;
    json["proof"] = proofJson(report);
    json["impact"] = impactJson(report);
    json["notes"] = report.notes;
    json["kept"] = keptJson(report.kept);
    addOutcomes(json, report);
    json["seconds"] = Json::object();
    for (const char* stage : {"load", "analyse", "plan", "cut", "prove", "save"})
        json["seconds"][stage] = 0.0;
    for (const auto& [stage, seconds] : report.seconds) json["seconds"][stage] = seconds;
    if (report.training) json["training"] = trainingJson(*report.training);
    addConditions(json, report);
    return jsonText(json, 2);
}

}  // namespace espalier::exchange
