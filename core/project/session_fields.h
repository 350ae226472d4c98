// SPDX-License-Identifier: GPL-3.0-or-later
// Parts of a session's JSON, for session_file.cpp alone.
#pragma once

#include <filesystem>

#include "core/exchange/plan_node.h"
#include "core/project/session_file.h"

namespace espalier::project {

using exchange::Json;
using Field = exchange::Node;

/// Throws exchange::Refusal when one of `keys` is missing or another is there.
void mustHaveJust(const Field& object, std::initializer_list<std::string_view> keys);

/// {"path": relative to `folder`, or "" where there is no such path, "absolute"}.
void writePath(Json& object, const std::filesystem::path& path,
               const std::filesystem::path& folder);
std::filesystem::path readPath(const Field& object, const std::filesystem::path& folder);

Json dataJson(const data::DataSpec& spec, const std::filesystem::path& folder);
data::DataSpec readData(const Field& object, const std::filesystem::path& folder);

Json metricsJson(const Metrics& metrics, const std::filesystem::path& folder);
Metrics readMetrics(const Field& object, const std::filesystem::path& folder);

Json tuningJson(const Tuning& tuning);
Tuning readTuning(const Field& object);

Json trainingJson(const std::vector<train::TrainSample>& samples);
std::vector<train::TrainSample> readTraining(const Field& list);

}  // namespace espalier::project
