// SPDX-License-Identifier: GPL-3.0-or-later
// Sessions as files: *.espalier, version 1. JSON; weights that are in no model file lie beside it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/data/dataset.h"
#include "core/measure/metric.h"
#include "core/project/history.h"
#include "core/prune/plan.h"
#include "core/script/input_spec.h"

namespace espalier::project {

/// A model file that states of the history come from.
struct SessionModel {
    std::filesystem::path path;  ///< absolute
    std::string sha256;
    std::vector<script::InputSpec> inputs;  ///< empty: they were guessed
    /// Of each layer its shape, by parameter path: a changed file is taken when these agree.
    std::map<std::string, std::vector<std::int64_t>> layers;
    bool operator==(const SessionModel&) const = default;
};

/// That of `snapshot`, which is as it was opened.
SessionModel sessionModel(const model::Snapshot& snapshot);

/// What accuracy is measured on, and how.
struct SessionData {
    data::DataSpec spec;
    measure::MetricOptions metrics{};
    bool operator==(const SessionData&) const = default;
};

/// A node of the history. Its place in the list is its number.
struct SessionNode {
    std::optional<std::size_t> parent;  ///< an earlier place; none for the first alone
    Operation operation = Operation::Open;
    std::string name;
    std::size_t model = 0;  ///< place in SessionFile::models
    std::string weights;    ///< fingerprint of its weights; empty: those of the model file
    prune::Plan plan;
    bool isPinned = false;
    std::chrono::system_clock::time_point made;  ///< to the second
    Metrics metrics{};
    std::vector<train::TrainSample> training{};
    std::optional<Tuning> tuning{};
};

struct SessionFile {
    std::vector<SessionModel> models;
    std::optional<SessionData> data;
    std::vector<SessionNode> nodes;
    std::size_t current = 0;  ///< place in `nodes`
    prune::Plan plan;         ///< on top of the current node
    std::string layout;       ///< of the window, in its own words; may be empty
};

/// Indented JSON. Paths stand there relative to `folder` and absolute.
std::string sessionToJson(const SessionFile& session, const std::filesystem::path& folder);

/// Of the two paths of a file the first that exists counts, else the absolute one. Errors:
/// BadArgument, naming the key: no JSON, another format or version, an unknown or missing key, a
/// value out of range; those of exchange::planFromJson.
Result<SessionFile> sessionFromJson(std::string_view text, const std::filesystem::path& folder);

/// Errors: likewise, naming the file; those of readText.
Result<SessionFile> readSessionFile(const std::filesystem::path& path);

/// The folder of the weights of a session file: NAME.espalier-weights.
std::filesystem::path weightsFolder(const std::filesystem::path& session);

}  // namespace espalier::project
