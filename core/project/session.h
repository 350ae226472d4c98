// SPDX-License-Identifier: GPL-3.0-or-later
// All that a person works on with one model, saved and opened again.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/events.h"
#include "core/base/result.h"
#include "core/base/run_control.h"
#include "core/data/dataset.h"
#include "core/project/history.h"
#include "core/project/session_file.h"

namespace espalier::project {

struct Session {
    History history;
    NodeId current;
    prune::PlanPtr plan;  ///< on top of the current node
    std::optional<SessionData> data{};
    std::string layout{};  ///< of the window, in its own words; may be empty
};

/// Writes `file`, and beside it, in weightsFolder(file), the weights that are in no model file:
/// those that lie there already are not written again. What lies there and is named no more goes
/// once all is written, never before. Atomic: on an error the session that was there is whole.
/// Errors: WriteFailed; Cancelled.
Result<void> saveSession(const Session& session, const std::filesystem::path& file,
                         RunControl& control);

/// Where model files lie now, by the path in the session.
using LocatedModels = std::map<std::filesystem::path, std::filesystem::path>;

/// The first model file that is neither at its path nor located; none when all are there.
std::optional<std::filesystem::path> missingModel(const SessionFile& session,
                                                  const LocatedModels& located);

struct OpenedSession {
    Session session;
    data::DatasetPtr dataset{};        ///< null: there is none, or it could not be opened
    std::vector<std::string> notes{};  ///< what is not as it was saved, a sentence each
};

/// Opens each model file once, and gives its states their weights. A model file that has changed is
/// taken, with a note, when its layers agree; what had been measured of its own weights is
/// forgotten. Data that is missing or does not fit any more is left out, with a note.
///
/// Errors: those of readSessionFile, model::openSnapshot, readWeights (a name says which weights);
/// NotFound, naming the model file; Mismatch when a changed one has other layers, or when a plan
/// does not fit; Damaged when weights are not what their name says; Cancelled.
Result<OpenedSession> openSession(const std::filesystem::path& file, const LocatedModels& located,
                                  const EventSink<>& events, RunControl& control);

}  // namespace espalier::project
