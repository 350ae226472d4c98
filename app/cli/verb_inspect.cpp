// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

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

std::string layerTable(const model::Snapshot& snapshot) {
    std::vector<std::vector<std::string>> rows{
        {"layer", "op", "weight", "parameters", "MACs", "prunable"}};
    for (const auto& layer : snapshot.layers()) {
        const auto& prunable = layer.prunable;
        rows.push_back({layer.name, layer.op, shapeText(layer.shape),
                        siCount(static_cast<double>(layer.parameters)),
                        siCount(static_cast<double>(layer.macs)),
                        prunable.weights ? "weights" : "no: " + prunable.reason});
    }
    return table(rows,
                 {Align::Left, Align::Left, Align::Left, Align::Right, Align::Right, Align::Left});
}

void print(Console& console, const model::Snapshot& snapshot) {
    std::string inputs;
    for (const auto& input : snapshot.inputs()) inputs += " " + script::toString(input);
    console.out(cat(snapshot.file().name(), ": ", exactCount(snapshot.parameters()),
                    " parameters, ", siCount(static_cast<double>(snapshot.macs())),
                    " MACs at batch 1, input", inputs,
                    snapshot.inputsAreGuessed() ? " (a guess: say --input)" : ""));
    for (const auto& note : snapshot.notes()) console.out("note: " + note);
    console.out("\n" + layerTable(snapshot));
}

int inspect(Console& console, const Options& options) {
    auto snapshot = project::runInspect(options.spec, console.events(), console.control());
    if (!snapshot) return console.fail(snapshot.error());
    if (options.json) {
        console.out(exchange::inspectToJson(**snapshot));
    } else {
        print(console, **snapshot);
    }
    return kDone;
}

}  // namespace

Verb inspectVerb() {
    return {"inspect", "Show layers, shapes, costs, and what can be pruned",
            [](CLI::App& app) -> Action {
                auto options = std::make_shared<Options>();
                addModel(app, options->spec.model);
                addInputs(app, options->spec.inputs);
                addJson(app, options->json);
                return [options](Console& console) { return inspect(console, *options); };
            }};
}

}  // namespace espalier::cli
