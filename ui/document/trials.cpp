// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/trials.h"

#include <algorithm>
#include <utility>

#include "core/base/format.h"
#include "core/prune/baseline.h"
#include "ui/document/document.h"
#include "ui/document/resolve_plan.h"
#include "ui/jobs/job_runner.h"

namespace espalier::ui {

namespace {

const QString kBaselineSlot = QStringLiteral("baseline");

struct Baseline {
    prune::PlanPtr plan;
    std::int64_t nonzeros = 0;
};

// Groups, costs and scores, where the plan has to do with channels.
Result<prune::ChannelFacts> factsFor(const PlanSubject& subject, RunControl& control) {
    prune::ChannelFacts facts;
    if (!subject.plan->hasChannels()) return facts;
    facts.groups = subject.groups;
    if (!facts.groups) {
        auto groups =
            channels::analyse(subject.snapshot, control, subject.plan->channelDefaults.heads);
        if (!groups) return groups.error();
        facts.groups = std::move(*groups);
    }
    auto costs = prune::channelCosts(facts.groups);
    if (!costs) return costs.error();
    facts.costs = std::move(*costs);
    auto scores = prune::channelScores(*facts.groups, prune::scoreOptions(*subject.plan), control,
                                       subject.scores);
    if (!scores) return scores.error();
    facts.scores = std::move(*scores);
    return facts;
}

Result<Baseline> baselineOf(const PlanSubject& subject, RunControl& control) {
    const auto masks = resolvePlan(subject, control);
    if (!masks) return masks.error();
    const auto facts = factsFor(subject, control);
    if (!facts) return facts.error();
    auto plan = prune::uniformBaseline(*subject.snapshot, *subject.plan,
                                       prune::footprint(*subject.snapshot, **masks), *facts,
                                       subject.scores, control);
    if (!plan) return plan.error();
    PlanSubject uniform{subject.snapshot, std::make_shared<const prune::Plan>(std::move(*plan)),
                        nullptr,          subject.groups,
                        nullptr,          subject.scores};
    const auto reached = resolvePlan(uniform, control);
    if (!reached) return reached.error();
    return Baseline{uniform.plan, prune::footprint(*subject.snapshot, **reached).nonzeros};
}

bool areAlike(const Document& document, const State& a, const State& b) {
    return document.history().node(a.node).snapshot == document.history().node(b.node).snapshot &&
           effective(*a.plan) == effective(*b.plan);
}

}  // namespace

Trials::Trials(Document* document, JobRunner* jobs, QObject* parent)
    : QObject(parent),
      m_document(document),
      m_jobs(jobs),
      m_measuring(new StateJobs(document, jobs, QStringLiteral("trial"), this)) {
    connect(m_measuring, &StateJobs::failed, this, &Trials::failed);
    connect(document, &Document::modelChanged, this, [this] { m_jobs->cancelSlot(kBaselineSlot); });
}

void Trials::remember() {
    if (m_document->hasModel()) keep(m_document->state(), nextName());
}

void Trials::addUniformBaseline() {
    if (!m_document->hasModel()) return;
    const State state = m_document->state();
    const model::SnapshotPtr snapshot = m_document->snapshot();
    m_jobs->run<Baseline>(
        {Lane::Scan, tr("Planning the uniform baseline"), kBaselineSlot}, this,
        [subject = planSubject(*m_document)](const EventSink<>&, RunControl& control) {
            return baselineOf(subject, control);
        },
        [this, state](const Result<Baseline>& result) {
            if (!result) return Q_EMIT failed(result.error());
            keep({state.node, result->plan},
                 tr("uniform, %1")
                     .arg(QString::fromStdString(siCount(static_cast<double>(result->nonzeros)))));
        });
}

// What the history has already gets its figures, and no second node. The dense model is measured
// with the first: what it is all compared with.
void Trials::keep(const State& state, const QString& name) {
    std::vector<State> states{m_document->denseState()};
    if (!areAlike(*m_document, states.front(), state)) states.push_back(state);
    m_measuring->evaluate(states, [this, state, name] {
        project::NodeId node = m_document->nodeOf(state);
        if (!node.isValid()) {
            node = m_document->addTrial(state, name);
        } else if (const auto known = m_document->evaluationOf(state)) {
            m_document->setEvaluation(*known, state);
        }
        Q_EMIT remembered(node);
    });
}

QString Trials::nextName() const {
    const auto nodes = m_document->history().nodes();
    for (std::size_t number = 1;; ++number) {
        const QString name = tr("trial %1").arg(number);
        const bool isTaken = std::ranges::any_of(
            nodes, [&](const auto& node) { return node->name == name.toStdString(); });
        if (!isTaken) return name;
    }
}

void Trials::measureLatencies() {
    if (!m_document->hasModel()) return;
    std::vector<State> states{m_document->denseState()};
    const auto add = [&](const State& state) {
        const bool isThere = std::ranges::any_of(
            states, [&](const State& other) { return areAlike(*m_document, other, state); });
        if (!isThere) states.push_back(state);
    };
    for (const auto& node : m_document->history().nodes()) add({node->id, node->plan});
    add(m_document->state());
    m_measuring->measureLatencies(states);
}

}  // namespace espalier::ui
