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
    project::LatencySpec spec;
    bool json = false;
};

std::string latencyTable(const std::vector<measure::Latency>& latencies) {
    std::vector<std::vector<std::string>> rows{{"model", "median ms", "10 %", "90 %", "runs"}};
    for (const auto& latency : latencies) {
        rows.push_back({latency.name, significant(latency.median, 3), significant(latency.p10, 3),
                        significant(latency.p90, 3), std::to_string(latency.runs)});
    }
    return table(rows, {Align::Left, Align::Right, Align::Right, Align::Right, Align::Right});
}

int latency(Console& console, const Options& options) {
    auto latencies = project::runLatency(options.spec, console.events(), console.control());
    if (!latencies) return console.fail(latencies.error());
    console.out(options.json ? exchange::latencyToJson(*latencies) : latencyTable(*latencies));
    return kDone;
}

}  // namespace

Verb latencyVerb() {
    return {"latency", "Time forward passes, several models in turns", [](CLI::App& app) -> Action {
                auto options = std::make_shared<Options>();
                app.add_option("MODEL", options->spec.models, "TorchScript files")->required();
                addInputs(app, options->spec.inputs);
                addDevice(app, options->spec.device);
                addThreads(app, options->spec.threads);
                addJson(app, options->json);
                return [options](Console& console) { return latency(console, *options); };
            }};
}

}  // namespace espalier::cli
