// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/state_jobs.h"

#include <algorithm>
#include <utility>

#include "core/measure/evaluate.h"
#include "ui/document/document.h"
#include "ui/document/resolve_plan.h"
#include "ui/jobs/job_runner.h"

namespace espalier::ui {

namespace {

struct Subject {
    State state;
    PlanSubject plan;
};

using Evaluations = std::vector<std::pair<State, measure::Evaluation>>;
using Latencies = std::vector<measure::Latency>;

Result<Evaluations> evaluateAll(const std::vector<Subject>& subjects, const data::Dataset& dataset,
                                const measure::EvaluateOptions& options, const EventSink<>& events,
                                RunControl& control) {
    Evaluations evaluations;
    for (const Subject& subject : subjects) {
        const auto masks = resolvePlan(subject.plan, control);
        if (!masks) return masks.error();
        auto evaluation =
            measure::evaluate(*subject.plan.snapshot, *masks, dataset, options, events, control);
        if (!evaluation) return evaluation.error();
        evaluations.emplace_back(subject.state, std::move(*evaluation));
    }
    return evaluations;
}

Result<Latencies> timeAll(const std::vector<Subject>& subjects, const EventSink<>& events,
                          RunControl& control) {
    std::vector<measure::Subject> timed;
    for (const Subject& subject : subjects) {
        auto next = timedSubject("state", subject.plan, events, control);
        if (!next) return next.error();
        timed.push_back(std::move(*next));
    }
    return measure::measureLatency(timed, {}, events, control);
}

std::vector<Subject> subjectsOf(const Document& document, const std::vector<State>& states) {
    std::vector<Subject> subjects;
    for (const State& state : states) subjects.push_back({state, planSubject(document, state)});
    return subjects;
}

}  // namespace

StateJobs::StateJobs(Document* document, JobRunner* jobs, const QString& slot, QObject* parent)
    : QObject(parent), m_document(document), m_jobs(jobs), m_slot(slot) {
    connect(document, &Document::modelChanged, this, [this] {
        m_jobs->cancelSlot(m_slot);
        end();
    });
    connect(jobs, &JobRunner::jobProgressed, this, [this](int job) {
        if (job == m_job) Q_EMIT progressed();
    });
}

bool StateJobs::isRunning() const {
    return m_job != 0;
}

void StateJobs::stop() {
    if (isRunning()) m_jobs->cancel(m_job);
}

std::optional<Progress> StateJobs::progress() const {
    for (const JobInfo& job : m_jobs->jobs()) {
        if (isRunning() && job.id == m_job) return job.progress;
    }
    return {};
}

void StateJobs::end() {
    if (std::exchange(m_job, 0) != 0) Q_EMIT runningChanged();
}

model::SnapshotPtr StateJobs::rootSnapshot() const {
    if (!m_document->hasModel()) return {};
    return m_document->history().node(m_document->history().root()).snapshot;
}

void StateJobs::evaluate(const std::vector<State>& states, const Done& done) {
    const data::DatasetPtr dataset = m_document->dataset();
    if (!m_document->hasModel()) return;
    if (!dataset) {
        Q_EMIT failed({Error::Kind::BadArgument, "Cannot measure accuracy", "no data is attached",
                       "Attach data with File ▸ Attach data"});
        return;
    }
    std::vector<State> unknown;
    std::ranges::copy_if(states, std::back_inserter(unknown), [&](const State& state) {
        return !m_document->evaluationOf(state, choiceSplit(*dataset));
    });
    if (unknown.empty()) {
        if (done) done();
        return;
    }
    const model::SnapshotPtr root = rootSnapshot();
    measure::EvaluateOptions options;
    options.split = choiceSplit(*dataset);
    options.metrics = m_document->metricOptions();
    options.reference = root;
    m_job = m_jobs->run<Evaluations>(
        {Lane::Scan, tr("Measuring accuracy"), m_slot}, this,
        [subjects = subjectsOf(*m_document, unknown), dataset, options](const EventSink<>& events,
                                                                        RunControl& control) {
            return evaluateAll(subjects, *dataset, options, events, control);
        },
        [this, dataset, done, root](const Result<Evaluations>& result) {
            end();
            if (!result) return Q_EMIT failed(result.error());
            if (root != rootSnapshot() || m_document->dataset() != dataset) return;
            for (const auto& [state, evaluation] : *result)
                m_document->setEvaluation(evaluation, state);
            if (done) done();
        });
    Q_EMIT runningChanged();
}

void StateJobs::measureLatencies(const std::vector<State>& states, const Done& done) {
    if (!m_document->hasModel() || states.empty()) return;
    const model::SnapshotPtr root = rootSnapshot();
    m_job = m_jobs->run<Latencies>(
        {Lane::Exclusive, tr("Measuring latency"), m_slot}, this,
        [subjects = subjectsOf(*m_document, states)](const EventSink<>& events,
                                                     RunControl& control) {
            return timeAll(subjects, events, control);
        },
        [this, states, done, root](const Result<Latencies>& result) {
            end();
            if (!result) return Q_EMIT failed(result.error());
            if (root != rootSnapshot()) return;
            m_document->setLatencies(states, *result);
            if (done) done();
        });
    Q_EMIT runningChanged();
}

}  // namespace espalier::ui
