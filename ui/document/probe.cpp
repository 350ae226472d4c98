// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/probe.h"

#include <algorithm>
#include <utility>

#include <QUndoStack>

#include "core/base/log.h"
#include "core/measure/evaluate.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/document/plan_difference.h"
#include "ui/jobs/job_runner.h"

namespace espalier::ui {

namespace {

const QString kSlot = QStringLiteral("probe");
constexpr std::size_t kMostKnown = 32;  // enough to walk back through what was just tried
constexpr int kIdleMs = 60'000;

/// One cut, those of the layers that are selected together, or one budget.
bool isOneMove(const PlanDifference& difference, const Document& document) {
    if (!difference.groups.empty())
        return difference.groups.size() == 1 && difference.weights.empty();
    if (difference.weights.size() <= 1) return true;
    const auto isSelected = [&document](const std::string& name) {
        const auto layer = document.snapshot()->find(name);
        return layer && std::ranges::binary_search(document.selectedLayers(), *layer);
    };
    return std::ranges::all_of(difference.weights, isSelected);
}

/// Every parameter whose mask the difference may touch.
std::vector<std::string> parametersOf(const PlanDifference& difference, const Channels& channels) {
    std::vector<std::string> paths(difference.weights.begin(), difference.weights.end());
    if (difference.groups.empty() || !channels.found()) return paths;
    for (const auto& group : channels.found()->groups->groups()) {
        if (!difference.groups.contains(group.key)) continue;
        for (const auto& member : group.members) paths.push_back(member.parameter);
    }
    return paths;
}

}  // namespace

/// Everything that a job needs to know.
struct Probe::Request {
    prune::Plan plan;               // as it is shown
    measure::ProbeSubject subject;  // without masks
    measure::ProbeOptions options;
    channels::ChannelGroupsPtr groups;
    prune::ChannelScoresPtr channelScores;
    prune::ScoreCache scores;
};

/// What lasts from one job to the next. Only they touch it, one at a time.
struct Probe::Worker {
    measure::LiveProbe probe;
    prune::MasksPtr masks;  // of the last plan: they lend those of layers that it left alone

    Result<prune::MasksPtr> resolve(const Request& request, RunControl& control) const {
        prune::ChannelChoicePtr choice;
        if (request.plan.hasChannels()) {
            auto chosen =
                prune::chooseChannels(request.groups, request.plan, request.channelScores);
            if (!chosen) return chosen.error();
            choice = *chosen;
        }
        return prune::resolve(*request.subject.snapshot, request.plan, choice, masks, control,
                              request.scores);
    }

    Result<measure::ProbeFigures> run(const Request& request, RunControl& control) {
        if (masks && request.subject.snapshot != snapshot) masks.reset();
        snapshot = request.subject.snapshot;
        auto resolved = resolve(request, control);
        if (!resolved) return resolved.error();
        masks = *resolved;
        measure::ProbeSubject subject = request.subject;
        subject.masks = masks;
        return probe.measure(subject, request.options, control);
    }

    void forget() {
        probe.forget();
        masks.reset();
        snapshot.reset();
    }

    model::SnapshotPtr snapshot;  // of `masks`
};

Probe::Probe(Document* document, JobRunner* jobs, QObject* parent)
    : QObject(parent), m_document(document), m_jobs(jobs), m_worker(std::make_shared<Worker>()) {
    m_patience.setSingleShot(true);
    m_idle.setSingleShot(true);
    m_idle.setInterval(kIdleMs);
    connect(&m_patience, &QTimer::timeout, this, &Probe::giveWay);
    connect(&m_idle, &QTimer::timeout, this, &Probe::freeMemory);
    connect(document, &Document::modelChanged, this, &Probe::startOver);
    connect(document, &Document::datasetChanged, this, &Probe::startOver);
    connect(document, &Document::previewChanged, this, &Probe::follow);
    connect(document, &Document::planChanged, this, &Probe::follow);
    connect(document->undoStack(), &QUndoStack::indexChanged, this, &Probe::followUndo);
    connect(document->channels(), &Channels::previewChanged, this, &Probe::follow);
}

Probe::~Probe() = default;

void Probe::setOn(bool on) {
    if (std::exchange(m_isOn, on) != on) startOver();
}

void Probe::setSamples(std::int64_t samples) {
    if (std::exchange(m_options.samples, samples) != samples) startOver();
}

/// Other data, another model, other samples: what was said holds no more.
void Probe::startOver() {
    drop();
    m_known.clear();
    m_dense.reset();
    m_error.reset();
    m_options.metrics = m_document->metricOptions();
    m_snapshot = m_document->snapshot();
    m_followed = m_document->shownPlan();
    freeMemory();
    Q_EMIT changed();
}

void Probe::drop() {
    m_jobs->cancelSlot(kSlot);
    m_patience.stop();
    m_wanted.reset();
    m_isOfPlan = false;
    m_latest.reset();
}

bool Probe::canProbe() const {
    if (!m_isOn || !m_document->hasModel() || !m_document->dataset()) return false;
    const data::DatasetInfo& info = data::info(*m_document->dataset());
    return info.validation > 0 && !m_jobs->isBusy(Lane::Trainer);
}

/// What was said of a cut that is taken back says nothing any more. Comes after its planChanged.
void Probe::followUndo(int index) {
    const bool isUndone = index < std::exchange(m_undoIndex, index);
    if (!isUndone || !m_latest) return;
    m_latest.reset();
    Q_EMIT changed();
}

void Probe::follow() {
    if (!m_document->hasModel()) return;
    const prune::Plan shown = m_document->shownPlan();
    const prune::Plan before = std::exchange(m_followed, shown);
    const bool isSameModel =
        std::exchange(m_snapshot, m_document->snapshot()) == m_document->snapshot();
    if (isSameModel && effective(shown) == effective(before)) return Q_EMIT changed();
    const auto difference = differenceOfRules(before, shown);
    if (!isSameModel || !difference || !isOneMove(*difference, *m_document)) {
        drop();
        return Q_EMIT changed();
    }
    if (find(shown) || m_document->evaluation() || !canProbe()) {
        m_wanted.reset();
        return Q_EMIT changed();
    }
    auto request = requestFor(shown, parametersOf(*difference, *m_document->channels()));
    if (!request) return Q_EMIT changed();
    m_wanted = std::make_unique<Request>(std::move(*request));
    if (!m_isOfPlan) {
        start();
    } else if (!m_patience.isActive()) {
        m_patience.start(static_cast<int>(std::max<qint64>(0, kPatienceMs - m_running.elapsed())));
    }
    Q_EMIT changed();
}

/// None while groups or scores that the plan needs are not there.
std::optional<Probe::Request> Probe::requestFor(const prune::Plan& shown,
                                                std::vector<std::string> moving) const {
    Request request;
    request.plan = shown;
    request.subject = {m_document->snapshot(), m_document->dataset(), nullptr, std::move(moving)};
    request.options = m_options;
    request.scores = m_document->scores();
    const auto isMissing = [&](const prune::ScoreKey& key) { return !request.scores.find(key); };
    if (std::ranges::any_of(prune::scoresNeeded(*request.subject.snapshot, shown), isMissing))
        return {};
    if (!shown.hasChannels()) return request;
    const Channels& channels = *m_document->channels();
    if (!channels.found() || !channels.scores()) return {};
    request.groups = channels.found()->groups;
    request.channelScores = channels.scores();
    return request;
}

/// Only the newest waits: whatever ran before is done or gives way.
void Probe::start() {
    if (!m_wanted) return;
    m_patience.stop();
    m_idle.stop();
    m_holdsMemory = true;
    m_running.start();
    m_isOfPlan = true;
    const auto request = std::shared_ptr<const Request>(std::move(m_wanted));
    m_jobs->run<measure::ProbeFigures>(
        {Lane::Probe, tr("Probing the accuracy"), kSlot, false}, this,
        [request, worker = m_worker](const EventSink<>&, RunControl& control) {
            return worker->run(*request, control);
        },
        [this, request](const Result<measure::ProbeFigures>& result) { finish(*request, result); });
}

void Probe::giveWay() {
    if (m_wanted) start();
}

void Probe::finish(const Request& request, const Result<measure::ProbeFigures>& result) {
    m_isOfPlan = false;
    m_idle.start();
    const bool isCancelled = !result && result.error().kind == Error::Kind::Cancelled;
    if (isCancelled) {
        m_wanted.reset();
        return Q_EMIT changed();
    }
    if (result) {
        m_error.reset();
        m_latest = *result;
        m_known.push_back({request.subject.snapshot, effective(request.plan), *result});
        if (m_known.size() > kMostKnown) m_known.pop_front();
    } else {
        if (!m_error) log(LogLevel::Warning, result.error().text());
        m_error = result.error();
        m_latest.reset();
    }
    m_wanted ? start() : startDense();
    Q_EMIT changed();
}

/// Once, and only when there is nothing else to probe: it runs the model from its inputs.
void Probe::startDense() {
    if (m_dense || m_error || !m_document->hasModel() || !m_document->dataset()) return;
    const auto root = m_document->history().node(m_document->history().root()).snapshot;
    m_jobs->run<measure::Evaluation>(
        {Lane::Probe, tr("Probing the dense model"), kSlot, false}, this,
        [root, dataset = m_document->dataset(), options = m_options](
            const EventSink<>&, RunControl& control) -> Result<measure::Evaluation> {
            const auto samples = measure::probeSamples(dataset, options.samples);
            if (!samples) return samples.error();
            return measure::evaluate(*root, nullptr, **samples,
                                     {.batchSize = options.batchSize, .metrics = options.metrics},
                                     {}, control);
        },
        [this](const Result<measure::Evaluation>& result) {
            if (!result) return;
            m_dense = result->score;
            Q_EMIT changed();
        });
}

void Probe::freeMemory() {
    m_idle.stop();
    if (!std::exchange(m_holdsMemory, false)) return;
    m_jobs->run<void>({Lane::Probe, tr("Freeing the probe's memory"), kSlot, false}, this,
                      [worker = m_worker](const EventSink<>&, RunControl&) -> Result<void> {
                          worker->forget();
                          return {};
                      },
                      {});
}

const measure::ProbeFigures* Probe::find(const prune::Plan& shown) const {
    const prune::Plan plan = effective(shown);
    const auto found = std::ranges::find_if(m_known, [&](const Known& known) {
        return known.snapshot == m_document->snapshot() && known.plan == plan;
    });
    return found == m_known.end() ? nullptr : &found->figures;
}

std::optional<ProbeReading> Probe::reading() const {
    if (!m_isOn || !m_document->hasModel()) return {};
    if (const auto* figures = find(m_document->shownPlan()))
        return ProbeReading{*figures, m_dense, false};
    if (m_latest && isUnderWay()) return ProbeReading{*m_latest, m_dense, true};
    return {};
}

}  // namespace espalier::ui
