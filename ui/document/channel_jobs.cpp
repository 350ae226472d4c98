// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/channel_jobs.h"

#include <utility>

#include "core/prune/channel_criterion.h"
#include "ui/document/document.h"
#include "ui/document/score_jobs.h"
#include "ui/jobs/job_runner.h"

namespace espalier::ui {

namespace {

Result<ChannelOutcome> choose(const FoundGroups& found, const prune::Plan& plan,
                              const prune::ChannelScoresPtr& scores) {
    auto choice = prune::chooseChannels(found.groups, plan, scores);
    if (!choice) return choice.error();
    auto costs = found.costs->after((*choice)->kept());
    return ChannelOutcome{std::move(*choice), std::move(costs)};
}

Result<ComparedScores> compareAll(const channels::ChannelGroups& groups, channels::GroupId group,
                                  prune::Plan plan, const prune::ScoreCache& measured,
                                  RunControl& control) {
    ComparedScores compared;
    for (const prune::CriterionInfo& info : prune::channelCriteria()) {
        plan.channelDefaults.criterion = info.name;
        auto scores =
            prune::channelScores(groups, group, prune::scoreOptions(plan), control, measured);
        if (!scores && scores.error().kind == Error::Kind::Cancelled) return scores.error();
        if (scores && !scores->empty())
            compared.emplace_back(QString::fromStdString(info.name), std::move(*scores));
    }
    return compared;
}

}  // namespace

ChannelJobs::ChannelJobs(Document* document, JobRunner* jobs, QObject* parent)
    : QObject(parent), m_document(document), m_channels(document->channels()), m_jobs(jobs) {
    connect(document, &Document::snapshotChanged, this, &ChannelJobs::findGroups);
    connect(document, &Document::planChanged, this, &ChannelJobs::refreshScores);
    connect(document, &Document::scoresMeasured, this, &ChannelJobs::refreshScores);
    connect(m_channels, &Channels::groupsChanged, this,
            [this] { m_channels->isSearching() ? findGroups() : refreshScores(); });
    connect(m_channels, &Channels::scoresChanged, this, &ChannelJobs::refreshChoice);
    connect(m_channels, &Channels::previewChanged, this, &ChannelJobs::refreshChoice);
}

void ChannelJobs::findGroups() {
    m_jobs->cancelSlot(QStringLiteral("groups"));
    m_jobs->cancelSlot(QStringLiteral("channelScores"));
    m_jobs->cancelSlot(QStringLiteral("choice"));
    if (!m_document->hasModel() || !m_channels->isSearching()) return;
    const model::SnapshotPtr snapshot = m_document->snapshot();
    const channels::HeadUnit unit = m_channels->headUnit();
    m_jobs->run<FoundGroupsPtr>(
        {Lane::Scan, tr("Finding channel groups"), QStringLiteral("groups")}, this,
        [snapshot, unit](const EventSink<>&, RunControl& control) {
            return ui::findGroups(snapshot, unit, control);
        },
        [this, snapshot, unit](Result<FoundGroupsPtr> found) {
            m_channels->setFound(snapshot, unit, std::move(found));
        });
}

void ChannelJobs::makeWay() {
    m_jobs->cancelSlot(QStringLiteral("groups"));
    m_jobs->cancelSlot(QStringLiteral("proveGroup"));
}

void ChannelJobs::resume() {
    if (m_channels->isSearching()) findGroups();
    if (const auto group = m_channels->selected()) Q_EMIT m_channels->proofChanged(*group);
}

void ChannelJobs::refreshScores() {
    const FoundGroups* found = m_channels->found();
    if (!found) return;
    if (m_channels->scores() || m_channels->scoresError()) return refreshChoice();
    if (m_channels->missesScores()) return;  // ScoreJobs measures them
    const prune::ChannelScoreOptions options = prune::scoreOptions(m_document->plan());
    m_jobs->run<prune::ChannelScoresPtr>(
        {Lane::Interactive, tr("Scoring channels"), QStringLiteral("channelScores")}, this,
        [groups = found->groups, options, measured = m_document->scores()](const EventSink<>&,
                                                                           RunControl& control) {
            return prune::channelScores(*groups, options, control, measured);
        },
        [this, groups = found->groups, options](Result<prune::ChannelScoresPtr> scores) {
            if (!scores && scores.error().kind != Error::Kind::Cancelled)
                Q_EMIT failed(scores.error());
            m_channels->setScores(groups, options, std::move(scores));
        });
}

// Small and quick; the newest plan wins.
void ChannelJobs::refreshChoice() {
    const FoundGroups* known = m_channels->found();
    if (!known || m_channels->isCurrent()) return;
    const bool hasScores = m_channels->scores() || m_channels->scoresError();
    if (!hasScores) return;  // they come first
    const FoundGroups found = *known;
    const prune::Plan plan = m_channels->shownPlan();
    m_jobs->run<ChannelOutcome>(
        {Lane::Interactive, tr("Choosing channels"), QStringLiteral("choice"), false}, this,
        [found, plan, scores = m_channels->scores()](const EventSink<>&, RunControl&) {
            return choose(found, plan, scores);
        },
        [this, plan](Result<ChannelOutcome> outcome) {
            if (!outcome && outcome.error().kind == Error::Kind::Cancelled) return;
            if (!outcome && !m_channels->isPreviewing()) Q_EMIT failed(outcome.error());
            m_channels->setOutcome(plan, std::move(outcome));
        });
}

void ChannelJobs::prove(channels::GroupId group) {
    const FoundGroups* found = m_channels->found();
    if (!found) return;
    const QString name = QString::fromStdString(m_channels->group(group).key);
    m_jobs->run<GroupProof>(
        {Lane::Scan, tr("Proving the group %1").arg(name), QStringLiteral("proveGroup")}, this,
        [groups = found->groups, group, kept = m_channels->keptForProof(group)](
            const EventSink<>& events, RunControl& control) {
            return proveGroup(groups, group, kept, events, control);
        },
        [this, groups = found->groups, group](const Result<GroupProof>& proof) {
            const bool isStopped = !proof && proof.error().kind == Error::Kind::Cancelled;
            if (isStopped) return Q_EMIT m_channels->proofChanged(group);
            m_channels->setProof(groups, group, proof);
        });
}

void ChannelJobs::compare(channels::GroupId group, QObject* context,
                          std::function<void(Result<ComparedScores>)> done) {
    const FoundGroups* found = m_channels->found();
    if (!found) return;
    m_jobs->run<ComparedScores>(
        {Lane::Interactive, tr("Comparing criteria"), QStringLiteral("compareScores")}, context,
        [groups = found->groups, group, plan = planWithSamples(*m_document),
         measured = m_document->scores()](const EventSink<>&, RunControl& control) {
            return compareAll(*groups, group, plan, measured, control);
        },
        std::move(done));
}

}  // namespace espalier::ui
