// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>
#include <set>

#include "app/cli/options.h"
#include "app/cli/table.h"
#include "app/cli/verb.h"
#include "core/base/format.h"
#include "core/exchange/reports.h"
#include "core/project/tasks.h"

namespace espalier::cli {

namespace {

struct Options {
    project::InspectSpec spec;
    bool json = false;
};

std::string shapeText(const std::vector<std::int64_t>& shape) {
    std::string text;
    for (const auto size : shape) text += (text.empty() ? "" : "×") + std::to_string(size);
    return text;
}

std::string prunableText(const model::Prunability& prunable) {
    if (prunable.weights && prunable.channels) return "weights, channels";
    if (prunable.channels) return "channels; weights: " + prunable.reason;
    if (prunable.weights)
        return prunable.reason.empty() ? "weights" : "weights; " + prunable.reason;
    return "no: " + prunable.reason;
}

std::string layerTable(const project::Inspection& inspection) {
    std::vector<std::vector<std::string>> rows{
        {"layer", "op", "weight", "parameters", "MACs", "group", "prunable"}};
    for (const auto& layer : inspection.snapshot->layers()) {
        const auto* group = exchange::groupOf(layer, inspection.groups.get());
        rows.push_back({layer.name, layer.op, shapeText(layer.shape),
                        siCount(static_cast<double>(layer.parameters)),
                        siCount(static_cast<double>(layer.macs)), group ? group->key : "–",
                        prunableText(exchange::prunabilityOf(layer, inspection.groups.get()))});
    }
    return table(rows, {Align::Left, Align::Left, Align::Left, Align::Right, Align::Right,
                        Align::Left, Align::Left});
}

std::string stateText(const channels::Group& group) {
    if (group.locked) return "locked";
    return group.exact ? "exact" : "inexact";
}

std::string groupTable(const channels::ChannelGroups& groups) {
    std::vector<std::vector<std::string>> rows{
        {"group", "channels", "heads", "state", "parameters in it", "coupled by", "why"}};
    for (const auto& group : groups.groups()) {
        std::string through;
        for (const auto& op : group.through) through += (through.empty() ? "" : ", ") + op;
        std::set<std::string> parameters;
        for (const auto& member : group.members) parameters.insert(member.parameter);
        rows.push_back({group.key, std::to_string(group.width),
                        group.heads > 0 ? std::to_string(group.heads) : "–", stateText(group),
                        std::to_string(parameters.size()), through.empty() ? "–" : through,
                        group.reason});
    }
    return table(rows, {Align::Left, Align::Right, Align::Right, Align::Left, Align::Right,
                        Align::Left, Align::Left});
}

void print(Console& console, const project::Inspection& inspection) {
    const model::Snapshot& snapshot = *inspection.snapshot;
    std::string inputs;
    for (const auto& input : snapshot.inputs()) inputs += " " + script::toString(input);
    console.out(cat(snapshot.file().name(), ": ", exactCount(snapshot.parameters()),
                    " parameters, ", siCount(static_cast<double>(snapshot.macs())),
                    " MACs at batch 1, input", inputs,
                    snapshot.inputsAreGuessed() ? " (a guess: say --input)" : ""));
    for (const auto& note : inspection.notes) console.out("note: " + note);
    console.out("\n" + layerTable(inspection));
    if (inspection.groups && !inspection.groups->groups().empty())
        console.out("\n" + groupTable(*inspection.groups));
}

int inspect(Console& console, const Options& options) {
    auto inspection = project::runInspect(options.spec, console.events(), console.control());
    if (!inspection) return console.fail(inspection.error());
    if (options.json) {
        console.out(exchange::inspectToJson(*inspection->snapshot, inspection->groups.get(),
                                            inspection->notes));
    } else {
        print(console, *inspection);
    }
    return kDone;
}

}  // namespace

Verb inspectVerb() {
    return {"inspect", "Show layers, shapes, costs, channel groups, and what can be pruned",
            [](CLI::App& app) -> Action {
                auto options = std::make_shared<Options>();
                addModel(app, options->spec.model);
                addInputs(app, options->spec.inputs);
                addHeads(app, options->spec.heads);
                addJson(app, options->json);
                return [options](Console& console) { return inspect(console, *options); };
            }};
}

}  // namespace espalier::cli
