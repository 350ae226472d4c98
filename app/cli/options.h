// SPDX-License-Identifier: GPL-3.0-or-later
// Options that several verbs share.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/data/dataset.h"
#include "core/project/specs.h"
#include "core/script/input_spec.h"

namespace espalier::cli {

CLI::Option* addModel(CLI::App& app, std::filesystem::path& model);
/// --input SPEC, once per argument of forward.
void addInputs(CLI::App& app, std::vector<script::InputSpec>& inputs);
/// --data (required unless said otherwise), --preset, --mean, --std, --resize, --crop, --augment,
/// --workers.
CLI::Option* addData(CLI::App& app, data::DataSpec& data);
/// --validation-share: how the data is split, or what a recipe says of it.
void addValidationShare(CLI::App& app, double& share);
void addValidationShare(CLI::App& app, std::optional<double>& share);
/// --model-output, --loss.
void addLoss(CLI::App& app, measure::MetricOptions& metrics);
/// Those and --metric.
void addMetrics(CLI::App& app, measure::MetricOptions& metrics);
/// --plan, --goal, --structure, --weights, --channels, --criterion, --scope, --multiple-of,
/// --heads, --allow-inexact,
/// --seed, --samples.
void addChoice(CLI::App& app, project::PruneChoice& choice);
/// --heads.
CLI::Option* addHeads(CLI::App& app, channels::HeadUnit& heads);
void addDevice(CLI::App& app, std::string& device);
void addThreads(CLI::App& app, int& threads);
/// A share, 0..1; what is refused for being in per cent is told as the share it may have meant.
CLI::Validator isShare();
/// A number of at least that much; what is refused is told in one short line.
CLI::Validator atLeast(double least);
void addJson(CLI::App& app, bool& json);

/// An option whose text `parse` (text → Result<T>) turns into a value; its error becomes a usage
/// error.
template <class T, class Parse>
CLI::Option* addParsed(CLI::App& app, const std::string& names, T& target, Parse parse,
                       const std::string& help) {
    return app.add_option_function<std::string>(
        names,
        [&target, parse, names](const std::string& text) {
            auto value = parse(text);
            if (!value) throw CLI::ValidationError(names, value.error().text());
            target = *value;
        },
        help);
}

}  // namespace espalier::cli
