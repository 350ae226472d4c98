// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/training_runs.h"

#include <algorithm>
#include <cmath>

#include "core/train/timetable.h"
#include "ui/document/workbench.h"
#include "ui/panels/training_forecast.h"

namespace espalier::ui {
namespace {

constexpr double kGrown = 1e-5;  // of the sparsity, which the optimizer may change by a zero or two

const train::TrainSample* firstStep(const TrainingRun& run) {
    const auto found = std::ranges::find_if(
        run.samples, [](const train::TrainSample& sample) { return sample.step > 0; });
    return found == run.samples.end() ? nullptr : &*found;
}

/// Whether one goes on where the other ended: they share their first step, to the moment.
bool areOne(const TrainingRun& run, const TrainingRun& other) {
    const train::TrainSample* first = firstStep(run);
    const train::TrainSample* second = firstStep(other);
    return first && second && first->seconds > 0 && first->seconds == second->seconds &&
           first->loss == second->loss;
}

/// What the samples were judged by, as far as the state that they led to knows.
measure::Metric metricOf(const project::Node& node) {
    return node.metrics.evaluation ? node.metrics.evaluation->metric : measure::Metric();
}

}  // namespace

QString TrainingRun::title() const {
    if (stateName.isEmpty() || stateName == name) return name;
    return QStringLiteral("%1: %2").arg(name, stateName);
}

int TrainingRun::epochs() const {
    int last = 0;
    for (const train::TrainSample& sample : samples) {
        if (!std::isnan(sample.valLoss)) last = sample.epoch;
    }
    return last;
}

double TrainingRun::seconds() const {
    return samples.empty() ? 0 : samples.back().seconds;
}

// Then no epoch can be the result.
bool TrainingRun::isPruning() const {
    if (state != State::Running || !recipe || samples.empty() || stepsPerEpoch == 0) return false;
    const train::Timetable timetable(*recipe, stepsPerEpoch);
    return samples.back().sparsity > kGrown && !timetable.isReachedAt(samples.back().step);
}

std::optional<TrainingRun::Best> TrainingRun::best() const {
    std::optional<Best> best;
    if (isPruning()) return best;
    for (const train::TrainSample& sample : samples) {
        const bool isPlanned = sample.sparsity + kGrown >= samples.back().sparsity;
        if (std::isnan(sample.score) || !isPlanned) continue;
        if (best && !metric.isBetter(sample.score, best->score)) continue;
        best = Best{sample.score, sample.epoch};
    }
    return best;
}

TrainingRuns::TrainingRuns(Workbench* workbench, QObject* parent)
    : QObject(parent), m_document(workbench->document()) {
    connect(workbench, &Workbench::trainingContinued, this, [this] { m_isContinued = true; });
    connect(workbench, &Workbench::trainingStarted, this, &TrainingRuns::start);
    connect(workbench, &Workbench::trainingSampled, this, &TrainingRuns::add);
    connect(workbench, &Workbench::trainingFinished, this, &TrainingRuns::finish);
    connect(workbench, &Workbench::trainingEnded, this, &TrainingRuns::end);
    connect(m_document, &Document::modelChanged, this, &TrainingRuns::forget);
    connect(m_document, &Document::historyChanged, this, &TrainingRuns::followHistory);
    followHistory();
}

const TrainingRun* TrainingRuns::find(const QString& key) const {
    const auto found = std::ranges::find(m_runs, key, &TrainingRun::key);
    return found == m_runs.end() ? nullptr : &*found;
}

const TrainingRun* TrainingRuns::current() const {
    return find(m_current);
}

TrainingRun* TrainingRuns::currentRun() {
    const auto found = std::ranges::find(m_runs, m_current, &TrainingRun::key);
    return found == m_runs.end() ? nullptr : &*found;
}

void TrainingRuns::start(const train::Recipe& recipe) {
    TrainingRun run;
    run.name = tr("run %1").arg(m_runs.size() + 1);
    run.key = QStringLiteral("session/%1").arg(++m_started);
    run.recipe = recipe;
    const data::DatasetPtr& dataset = m_document->dataset();
    const auto metric =
        measure::metricFor(recipe.metrics, dataset ? data::info(*dataset) : data::DatasetInfo());
    if (metric) run.metric = *metric;
    run.stepsPerEpoch = stepsPerEpoch(*m_document, recipe).value_or(0);
    m_current = run.key;
    m_runs.push_back(std::move(run));
    Q_EMIT runsChanged();
}

void TrainingRuns::add(const train::TrainSample& sample) {
    TrainingRun* run = currentRun();
    if (!run) return;
    run->samples.push_back(sample);
    if (m_isContinued && sample.step > 0) {
        m_isContinued = false;
        joinContinued(Name::OfTheBeginning);
        run = currentRun();
    }
    if (!std::isnan(sample.valLoss)) Q_EMIT runGrew();
}

void TrainingRuns::finish(const train::TrainResult& result) {
    TrainingRun* run = currentRun();
    if (!run) return;
    run->state = result.stopped ? TrainingRun::State::Stopped : TrainingRun::State::Finished;
    if (result.bestEpoch > 0) run->node = m_document->node().id;
    followHistory();
}

void TrainingRuns::end() {
    TrainingRun* run = currentRun();
    if (run && run->state == TrainingRun::State::Running) run->state = TrainingRun::State::Failed;
    Q_EMIT runsChanged();
}

void TrainingRuns::forget() {
    m_runs.clear();
    m_current.clear();
    m_started = 0;
    followHistory();
}

void TrainingRuns::followHistory() {
    std::vector<TrainingRun> runs;
    const auto isOwn = [](const TrainingRun& run) { return run.recipe.has_value(); };
    std::ranges::copy_if(m_runs, std::back_inserter(runs), isOwn);
    std::size_t known = 0;  // those that only the history knows
    for (const auto& node : m_document->history().nodes()) {
        if (node->training.empty()) continue;
        const QString name = QString::fromStdString(node->name);
        const auto own = std::ranges::find(runs, node->id, &TrainingRun::node);
        if (own != runs.end()) {
            own->stateName = name;
            continue;
        }
        TrainingRun run;
        run.key = QStringLiteral("history/%1").arg(node->id.value);
        run.name = tr("run %1").arg(known + 1);  // states may share a name
        run.stateName = name;
        run.metric = metricOf(*node);
        run.samples = node->training;
        run.state = TrainingRun::State::Finished;
        run.node = node->id;
        runs.insert(runs.begin() + static_cast<std::ptrdiff_t>(known++), std::move(run));
    }
    m_runs = std::move(runs);
    joinContinued(Name::Own);
}

// A run that was continued is one: the later part has all samples of the earlier one.
void TrainingRuns::joinContinued(Name name) {
    for (std::size_t later = 1; later < m_runs.size(); ++later) {
        for (std::size_t earlier = 0; earlier < later; ++earlier) {
            if (!areOne(m_runs[earlier], m_runs[later])) continue;
            if (name == Name::OfTheBeginning) m_runs[later].name = m_runs[earlier].name;
            m_runs.erase(m_runs.begin() + static_cast<std::ptrdiff_t>(earlier));
            --later;
            break;
        }
    }
    Q_EMIT runsChanged();
}

}  // namespace espalier::ui
