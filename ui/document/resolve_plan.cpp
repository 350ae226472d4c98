// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/resolve_plan.h"

#include <filesystem>

#include <QTemporaryDir>

#include "core/exchange/export.h"
#include "ui/document/document.h"

namespace espalier::ui {

namespace {

// Fills in groups and choice where the plan needs them.
Result<PlanSubject> withChoice(PlanSubject subject, RunControl& control) {
    if (subject.choice) return subject;
    if (!subject.groups) {
        auto groups =
            channels::analyse(subject.snapshot, control, subject.plan->channelDefaults.heads);
        if (!groups) return groups.error();
        subject.groups = std::move(*groups);
    }
    const auto scores = prune::channelScores(*subject.groups, prune::scoreOptions(*subject.plan),
                                             control, subject.scores);
    if (!scores) return scores.error();
    auto choice = prune::chooseChannels(subject.groups, *subject.plan, *scores);
    if (!choice) return choice.error();
    subject.choice = std::move(*choice);
    return subject;
}

}  // namespace

PlanSubject planSubject(const Document& document) {
    PlanSubject subject;
    subject.snapshot = document.snapshot();
    subject.plan = document.state().plan;
    subject.masks = document.masks();
    subject.scores = document.scores();
    const Channels& channels = *document.channels();
    if (channels.found()) subject.groups = channels.found()->groups;
    if (channels.isCurrent() && !channels.isPreviewing()) subject.choice = channels.choice();
    return subject;
}

PlanSubject planSubject(const Document& document, const State& state) {
    const bool isShown = document.history().node(state.node).snapshot == document.snapshot() &&
                         effective(*state.plan) == effective(document.plan());
    if (isShown) return planSubject(document);
    PlanSubject subject;
    subject.snapshot = document.history().node(state.node).snapshot;
    subject.plan = state.plan;
    subject.scores = document.scores();
    return subject;
}

Result<prune::MasksPtr> resolvePlan(const PlanSubject& subject, RunControl& control) {
    if (subject.masks) return subject.masks;
    if (!subject.plan->hasChannels())
        return prune::resolve(*subject.snapshot, *subject.plan, nullptr, control, subject.scores);
    const auto complete = withChoice(subject, control);
    if (!complete) return complete.error();
    return prune::resolve(*subject.snapshot, *subject.plan, complete->choice, nullptr, control,
                          subject.scores);
}

Result<exchange::CutPlan> cutPlan(const PlanSubject& subject, const EventSink<>& events,
                                  RunControl& control) {
    const auto masks = resolvePlan(subject, control);
    if (!masks) return masks.error();
    return exchange::cutChannels(*subject.snapshot, *subject.plan, *masks, {}, events, control,
                                 subject.scores);
}

Result<model::SnapshotPtr> cutSnapshot(const PlanSubject& subject, const EventSink<>& events,
                                       RunControl& control) {
    const auto cut = cutPlan(subject, events, control);
    if (!cut) return cut.error();
    const QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath(QStringLiteral("cut.pt")).toStdString();
    if (const auto saved = channels::saveCut(*cut->model, file, events, control); !saved)
        return saved.error();
    model::OpenOptions options;
    const auto inputs = subject.snapshot->inputs();
    options.inputs.assign(inputs.begin(), inputs.end());
    return model::openSnapshot(file, options, events, control);
}

Result<measure::Subject> timedSubject(const std::string& name, const PlanSubject& subject,
                                      const EventSink<>& events, RunControl& control) {
    const auto masks = resolvePlan(subject, control);
    if (!masks) return masks.error();
    const auto& channels = (*masks)->channels();
    if (!channels || channels->isWhole()) return measure::Subject{name, subject.snapshot, *masks};
    // Zeros in full shapes would tell nothing of what cutting gains.
    const auto cut = cutSnapshot(subject, events, control);
    if (!cut) return cut.error();
    return measure::Subject{name, *cut, nullptr};
}

}  // namespace espalier::ui
