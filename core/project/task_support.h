// SPDX-License-Identifier: GPL-3.0-or-later
// What the tasks share: opening a model for its data, applying a choice, reporting.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/channels/shrink.h"
#include "core/project/choice_scores.h"
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
    /// Says that `seconds` of the newest stage belong to a stage of their own, after it.
    void split(const std::string& stage, double seconds) {
        finish();
        if (m_seconds.empty()) return;
        m_seconds.back().second = std::max(0.0, m_seconds.back().second - seconds);
        m_seconds.emplace_back(stage, seconds);
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

/// A model that was to be opened, and where its inputs came from.
struct Attempt {
    const std::filesystem::path& model;
    const std::vector<script::InputSpec>& given;  ///< empty: the plan file's
    const std::filesystem::path& planFile;        ///< may be empty
};

/// Why a model could not be opened. Where its inputs were those of the plan file: that the plan is
/// for another model, naming what that has and this has not; else that they are the plan's.
Error notOpened(Error error, const Attempt& attempt, RunControl& control);

model::BaseMasks baseMasksFor(const PruneChoice& choice);

/// openDataset, with its notes as warnings in the log.
Result<data::DatasetPtr> openData(const data::DataSpec& spec, RunControl& control);

/// Opens the model on one sample of the data when no inputs are given, so that shapes and costs are
/// the true ones.
Result<model::SnapshotPtr> openFor(const std::filesystem::path& path,
                                   const model::OpenOptions& options, const data::Dataset& dataset,
                                   const EventSink<>& events, RunControl& control);

/// The unit to find channel groups for; none when they are not needed. Errors: of
/// exchange::readPlan.
Result<std::optional<channels::HeadUnit>> headUnitFor(const PruneChoice& choice);

/// A model, the plan made for it, and what the plan removes. `groups` is null when no channel was
/// asked for.
struct MaskedModel {
    model::SnapshotPtr snapshot;
    channels::ChannelGroupsPtr groups;
    prune::Plan plan;
    prune::ChannelChoicePtr choice;  ///< null without groups
    prune::MasksPtr masks;
    prune::ScoreCache scores;        ///< measured, that the plan ranks by
    std::vector<std::string> notes;  ///< what is not as it was asked for
};

/// Clocks the stages analyse, score (where data is looked at) and plan.
Result<MaskedModel> applyChoice(model::SnapshotPtr snapshot, const PruneChoice& choice,
                                const ScoredOn& data, StageClock& clock, const EventSink<>& events,
                                RunControl& control);

/// What prune and export begin with.
struct PruneSource {
    const std::filesystem::path& model;
    const std::vector<script::InputSpec>& inputs;
    const PruneChoice& choice;
    const data::DataSpec& data;
    const measure::MetricOptions& metrics;
};

/// Opens the model, and the data where there is any, and applies the choice. Clocks the stage load
/// and those of applyChoice.
Result<MaskedModel> openAndApply(const PruneSource& source, StageClock& clock,
                                 const EventSink<>& events, RunControl& control);

/// The plan a choice begins with, before shares become rules: criteria, seed, or the plan file.
Result<prune::Plan> startPlan(const model::Snapshot& snapshot, const PruneChoice& choice);

/// That plan with the choice's shares as rules. `groups` may be null when the choice says nothing
/// of channels. Errors: withSparsityEverywhere, withChannelsEverywhere.
Result<prune::Plan> withShares(const model::Snapshot& snapshot,
                               const channels::ChannelGroupsPtr& groups, prune::Plan plan,
                               const PruneChoice& choice, const prune::ScoreCache& scores,
                               RunControl& control);

/// A cut model, and the masks without the groups that had to be left whole.
struct CutOutcome {
    channels::CutModelPtr model;  ///< null when no channel goes
    MaskedModel masked;
};

/// Cuts and proves, as the stages cut and prove.
Result<CutOutcome> cutOut(MaskedModel masked, const channels::CutOptions& options,
                          StageClock& clock, const EventSink<>& events, RunControl& control);

/// A report with everything but the size of the file written, the time spent and the training.
/// `opened`: what all figures called "before" are of.
exchange::PruneReport reportOf(const CutOutcome& outcome, const model::Snapshot& opened);

/// Whether the files a task is to write can be written, before it works for long; empty paths mean
/// none. Errors: WriteFailed; BadArgument when two are the same, or one is among the files and
/// folders that the task reads.
Result<void> checkTargets(std::initializer_list<std::filesystem::path> read,
                          std::initializer_list<std::filesystem::path> targets);

exchange::DataSummary summaryOf(const data::Dataset& dataset);

/// Where the JSON of a report for people goes: NAME.espalier-report.json beside NAME.html. Empty
/// for a report that is JSON itself.
std::filesystem::path reportBeside(const std::filesystem::path& report);

/// Stages the report, with its JSON beside a page; an empty path means none is wanted.
Result<void> writeReport(const exchange::PruneReport& report, const std::filesystem::path& path,
                         StagedOutputs& outputs);

}  // namespace espalier::project
