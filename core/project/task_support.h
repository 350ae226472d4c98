// SPDX-License-Identifier: GPL-3.0-or-later
// What the tasks share: opening a model for its data, applying a choice, reporting.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/project/staged_outputs.h"
#include "core/project/tasks.h"

namespace espalier::project {

/// Wall seconds per stage, for the report.
class StageClock {
public:
    explicit StageClock(const EventSink<>& events) : m_events(events) {}

    void start(const std::string& stage, const std::string& text) {
        finish();
        m_stage = stage;
        m_started = std::chrono::steady_clock::now();
        m_events.progress({text, 0, 0, -1});
    }
    std::vector<std::pair<std::string, double>> finish() {
        if (!m_stage.empty()) {
            const std::chrono::duration<double> spent =
                std::chrono::steady_clock::now() - m_started;
            m_seconds.emplace_back(m_stage, spent.count());
        }
        m_stage.clear();
        return m_seconds;
    }

private:
    const EventSink<>& m_events;
    std::string m_stage;
    std::chrono::steady_clock::time_point m_started;
    std::vector<std::pair<std::string, double>> m_seconds;
};

/// The inputs given, else those of the plan file, else none (they are guessed).
Result<std::vector<script::InputSpec>> inputsFor(const std::vector<script::InputSpec>& given,
                                                 const std::filesystem::path& planFile);

/// Opens the model on one sample of the data when no inputs are given, so that shapes and costs are
/// the true ones.
Result<model::SnapshotPtr> openFor(const std::filesystem::path& path,
                                   const std::vector<script::InputSpec>& inputs,
                                   const data::Dataset& dataset, const EventSink<>& events,
                                   RunControl& control);

/// A model, the plan made for it, and what the plan removes.
struct MaskedModel {
    model::SnapshotPtr snapshot;
    prune::Plan plan;
    prune::MasksPtr masks;
};

Result<MaskedModel> applyChoice(model::SnapshotPtr snapshot, const PruneChoice& choice,
                                RunControl& control);

/// A report with everything but the size of the file written, the time spent and the training.
exchange::PruneReport reportOf(const model::Snapshot& snapshot, const prune::Plan& plan,
                               const prune::Masks& masks);

/// Stages the report; an empty path means none is wanted.
Result<void> writeReport(const exchange::PruneReport& report, const std::filesystem::path& path,
                         StagedOutputs& outputs);

}  // namespace espalier::project
