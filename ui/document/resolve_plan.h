// SPDX-License-Identifier: GPL-3.0-or-later
// Masks of a state for jobs that cannot wait for the Document's: channels included.
#pragma once

#include "core/exchange/export.h"
#include "core/measure/latency.h"
#include "core/prune/masks.h"
#include "ui/document/channels.h"
#include "ui/document/state.h"

namespace espalier::ui {

/// A state, and what of it has been worked out already: parts that are null are made when needed.
struct PlanSubject {
    model::SnapshotPtr snapshot;
    prune::PlanPtr plan;
    prune::MasksPtr masks;
    channels::ChannelGroupsPtr groups;
    prune::ChannelChoicePtr choice;
    prune::ScoreCache scores{};  ///< measured, at hand
};

/// Of what the window shows now.
PlanSubject planSubject(const Document& document);
/// Of any state.
PlanSubject planSubject(const Document& document, const State& state);

/// Analyses and scores the model if its plan asks for that. Errors: those of channels::analyse,
/// prune::channelScores, prune::chooseChannels and prune::resolve.
Result<prune::MasksPtr> resolvePlan(const PlanSubject& subject, RunControl& control);

/// The model with its channels cut out and its weight masks applied, proved.
Result<exchange::CutPlan> cutPlan(const PlanSubject& subject, const EventSink<>& events,
                                  RunControl& control);

/// The same, opened like a file: for measuring what is really smaller. Goes through a temporary
/// file.
Result<model::SnapshotPtr> cutSnapshot(const PlanSubject& subject, const EventSink<>& events,
                                       RunControl& control);

/// What is to be timed of a plan: the model with its channels cut out, or else with zeros.
Result<measure::Subject> timedSubject(const std::string& name, const PlanSubject& subject,
                                      const EventSink<>& events, RunControl& control);

}  // namespace espalier::ui
