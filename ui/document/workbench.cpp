// SPDX-License-Identifier: GPL-3.0-or-later
// Opening, and what follows by itself: statistics of all layers, masks of every new plan, pictures.
#include "ui/document/workbench.h"

#include <algorithm>
#include <utility>

#include "core/measure/evaluate.h"
#include "core/project/task_support.h"
#include "core/prune/masks.h"
#include "ui/document/channel_jobs.h"
#include "ui/document/comparison.h"
#include "ui/document/index_queue.h"
#include "ui/document/node_figures.h"
#include "ui/document/probe.h"
#include "ui/document/same_removal.h"
#include "ui/document/score_jobs.h"
#include "ui/document/sensitivity_scan.h"
#include "ui/document/training.h"
#include "ui/document/trials.h"

namespace espalier::ui {

namespace {

struct Opened {
    model::SnapshotPtr snapshot;
    std::optional<Error> misfit;  // the attached data does not suit this model
};

struct Indexed {
    model::LayerId layer;
    Result<model::WeightIndex> index;
};

QString nameOf(const std::filesystem::path& path) {
    return QString::fromStdString(path.filename().string());
}

QString textOf(const std::filesystem::path& path) {
    return QString::fromStdString(path.string());
}

Result<Opened> openAlone(const std::filesystem::path& path, const model::OpenOptions& options,
                         const EventSink<>& events, RunControl& control) {
    auto snapshot = model::openSnapshot(path, options, events, control);
    if (!snapshot) return snapshot.error();
    return Opened{*snapshot, {}};
}

/// Whether a model that did not open for some data may open for other inputs.
bool mayBeInputs(const Error& error) {
    using Kind = Error::Kind;
    return error.kind == Kind::BadArgument || error.kind == Kind::Mismatch ||
           error.kind == Kind::Unsupported;
}

/// Data that the model cannot take does not keep it from opening.
Result<Opened> open(const std::filesystem::path& path, const model::OpenOptions& options,
                    const data::DatasetPtr& dataset, const measure::MetricOptions& metrics,
                    const EventSink<>& events, RunControl& control) {
    if (!dataset) return openAlone(path, options, events, control);
    auto snapshot = project::openFor(path, options, *dataset, events, control);
    if (!snapshot) {
        if (!options.inputs.empty() || !mayBeInputs(snapshot.error())) return snapshot.error();
        auto alone = openAlone(path, options, events, control);
        if (alone) alone->misfit = snapshot.error();
        return alone;
    }
    Opened opened{*snapshot, {}};
    if (const auto fit = measure::checkFit(**snapshot, *dataset, metrics); !fit)
        opened.misfit = fit.error();
    return opened;
}

// The layer that is looked at first, then those that can be cut, then the rest.
std::vector<model::LayerId> layersToIndex(const Document& document) {
    std::vector<model::LayerId> waiting;
    for (const model::Layer& layer : document.snapshot()->layers()) {
        if (!document.index(layer.id) && !document.indexError(layer.id))
            waiting.push_back(layer.id);
    }
    std::ranges::stable_sort(waiting, {}, [&document](model::LayerId id) {
        if (id == document.selection()) return 0;
        return document.snapshot()->layer(id).prunable.weights ? 1 : 2;
    });
    return waiting;
}

Result<void> indexAll(const model::Snapshot& snapshot, IndexQueue& queue, std::int64_t total,
                      const EventSink<Indexed>& events, RunControl& control) {
    std::int64_t done = 0;
    while (const auto layer = queue.take()) {
        if (!control.keepGoing())
            return Error{Error::Kind::Cancelled, "Reading weights", "it was cancelled", ""};
        events.progress({snapshot.layer(*layer).modulePath(), done++, total});
        auto index = model::indexWeights(snapshot, *layer, control);
        if (!index && index.error().kind == Error::Kind::Cancelled) return index.error();
        events.publish({*layer, std::move(index)});
    }
    return {};
}

}  // namespace

Workbench::Workbench(Document* document, JobRunner* jobs, QObject* parent)
    : QObject(parent),
      m_document(document),
      m_jobs(jobs),
      m_channelJobs(new ChannelJobs(document, jobs, this)),
      m_scoreJobs(new ScoreJobs(document, jobs, this)),
      m_sensitivity(new SensitivityScan(document, jobs, this)),
      m_nodeFigures(new NodeFigures(document, jobs, this)),
      m_trials(new Trials(document, jobs, this)),
      m_comparison(new Comparison(document, jobs, this)),
      m_probe(new Probe(document, jobs, this)) {
    connect(m_channelJobs, &ChannelJobs::failed, this, &Workbench::fail);
    connect(m_scoreJobs, &ScoreJobs::failed, this, &Workbench::fail);
    connect(m_sensitivity, &SensitivityScan::failed, this, &Workbench::fail);
    connect(m_trials, &Trials::failed, this, &Workbench::fail);
    connect(m_comparison, &Comparison::failed, this, &Workbench::fail);
    new SameRemoval(document, this);
    connect(document, &Document::scoresMeasured, this, &Workbench::refreshMasks);
    connect(document->channels(), &Channels::choiceChanged, this, &Workbench::refreshMasks);
    connect(document, &Document::snapshotChanged, this, &Workbench::indexLayers);
    connect(document, &Document::selectionChanged, this, &Workbench::preferSelection);
    connect(document, &Document::masksChanged, this, &Workbench::refreshMasks);
    connect(document, &Document::modelChanged, this, &Workbench::forgetJobsOfModel);
    connect(document, &Document::datasetChanged, this, [this] { m_missingData.reset(); });
    followContinuation();
}

void Workbench::fail(const Error& error) {
    if (error.kind == Error::Kind::Cancelled) {
        Q_EMIT cancelled();
    } else {
        Q_EMIT failed(error);
    }
}

model::SnapshotPtr Workbench::rootSnapshot() const {
    if (!m_document->hasModel()) return {};
    return m_document->history().node(m_document->history().root()).snapshot;
}

bool Workbench::isModel(const model::SnapshotPtr& root) const {
    return root && rootSnapshot() == root;
}

void Workbench::openModel(const std::filesystem::path& path,
                          const std::vector<script::InputSpec>& inputs, OldData data) {
    Q_EMIT openStarted(textOf(path));
    if (isTraining()) {
        Q_EMIT openFailed(textOf(path));
        fail({Error::Kind::BadArgument, "Cannot open " + path.filename().string(),
              "a fine-tuning is under way", "Stop it first; its best weights so far are kept"});
        return;
    }
    makeWayForOpening();
    model::OpenOptions options;
    options.inputs = inputs;
    const data::DatasetPtr dataset =
        data == OldData::KeepIfItFits ? m_document->dataset() : data::DatasetPtr();
    m_jobs->run<Opened>(
        {Lane::Scan, tr("Opening %1").arg(nameOf(path)), QStringLiteral("open")}, this,
        [=, metrics = m_document->metricOptions()](const EventSink<>& events, RunControl& control) {
            return open(path, options, dataset, metrics, events, control);
        },
        [this, path, data](const Result<Opened>& result) {
            if (!result) {
                Q_EMIT openFailed(textOf(path));
                resumeAfterOpening();
                return fail(result.error());
            }
            replaceModel([this, path, data, read = *result] {
                if (read.misfit || data == OldData::LetGo) m_document->setDataset({});
                auto plan = std::make_shared<const prune::Plan>(prune::emptyPlan(*read.snapshot));
                m_document->setOpened(project::History::opened(read.snapshot, std::move(plan)));
                if (read.misfit) Q_EMIT dataLetGo(*read.misfit);
                Q_EMIT opened(textOf(path));
            });
        });
}

// Asked once the job that has read it is over: an answer may take its time.
void Workbench::replaceModel(std::function<void()> show) {
    if (!m_leave || !m_document->hasModel()) return show();
    QMetaObject::invokeMethod(
        this, [this, show = std::move(show)] { askToLeave(show); }, Qt::QueuedConnection);
}

void Workbench::askToLeave(const std::function<void()>& show) {
    Q_EMIT openRead();
    const auto isLeft = std::make_shared<bool>(false);
    m_leave(
        [isLeft, show] {
            *isLeft = true;
            show();
        },
        [this] { Q_EMIT openDeclined(); });
    if (!*isLeft) resumeAfterOpening();
}

// Only what is of no use once the model is gone, and can be asked for again: a file being written
// is written first.
void Workbench::makeWayForOpening() {
    for (const char* slot : {"evaluate", "latency", "index"})
        m_jobs->cancelSlot(QString::fromLatin1(slot));
    m_sensitivity->stop();
    m_channelJobs->makeWay();
}

void Workbench::resumeAfterOpening() {
    indexLayers();
    m_channelJobs->resume();
}

// What still runs for a model that is gone would deliver nothing of use.
void Workbench::forgetJobsOfModel() {
    for (const char* slot : {"evaluate", "latency", "heatmap", "overview", "plan", "zeros", "goOn",
                             "scores", "chosenScores", "comparedScores"}) {
        m_jobs->cancelSlot(QString::fromLatin1(slot));
    }
    m_lastMasks.reset();
    m_released.reset();
    m_exported.clear();
    m_missingData.reset();
    m_hasLeftRun = false;
}

void Workbench::indexLayers() {
    m_jobs->cancelSlot(QStringLiteral("index"));
    if (!m_document->hasModel()) return;
    auto layers = layersToIndex(*m_document);
    if (layers.empty()) return;
    const auto total = static_cast<std::int64_t>(layers.size());
    m_indexQueue = std::make_shared<IndexQueue>(std::move(layers));
    const model::SnapshotPtr snapshot = m_document->snapshot();
    m_jobs->run<void, Indexed>(
        {Lane::Scan, tr("Reading weights"), QStringLiteral("index")}, this,
        [snapshot, total, queue = m_indexQueue](const EventSink<Indexed>& events,
                                                RunControl& control) {
            return indexAll(*snapshot, *queue, total, events, control);
        },
        [this](const Result<void>& result) {
            if (!result) fail(result.error());
        },
        [this, snapshot](const Indexed& indexed) {
            if (m_document->snapshot() == snapshot)
                m_document->setIndex(indexed.layer, indexed.index);
        });
}

void Workbench::preferSelection() {
    if (m_indexQueue) m_indexQueue->prefer(m_document->selection());
}

void Workbench::refreshMasks() {
    if (!m_document->hasModel()) return m_jobs->cancelSlot(QStringLiteral("masks"));
    if (m_document->masks()) return;
    const Channels* channels = m_document->channels();
    const bool hasChannels = m_document->plan().hasChannels();
    // What goes with channels is known once they are chosen; then this is called again.
    if (hasChannels && (channels->isPreviewing() || !channels->isCurrent())) return;
    const State state = m_document->state();
    const model::SnapshotPtr snapshot = m_document->snapshot();
    const prune::ScoreCache scores = m_document->scores();
    // They are measured, or it was said that there is no data; then this is called again.
    const auto isMissing = [&](const prune::ScoreKey& key) { return !scores.find(key); };
    if (std::ranges::any_of(prune::scoresNeeded(*snapshot, *state.plan), isMissing)) return;
    const prune::ChannelChoicePtr choice = hasChannels ? channels->choice() : nullptr;
    m_jobs->run<prune::MasksPtr>(
        {Lane::Interactive, tr("Applying the plan"), QStringLiteral("masks"), false}, this,
        [=, previous = m_lastMasks](const EventSink<>&, RunControl& control) {
            return prune::resolve(*snapshot, *state.plan, choice, previous, control, scores);
        },
        [this, state, snapshot](const Result<prune::MasksPtr>& result) {
            if (!result) return fail(result.error());
            m_lastMasks = *result;
            const bool isCurrent = m_document->snapshot() == snapshot &&
                                   effective(m_document->plan()) == effective(*state.plan);
            if (isCurrent) m_document->setMasks(*result);
        });
}

void Workbench::requestHeatmap(model::LayerId layer, const prune::HeatmapOptions& options,
                               QObject* context, std::function<void(Result<prune::Heatmap>)> done) {
    const model::SnapshotPtr snapshot = m_document->snapshot();
    if (!snapshot) return;
    m_jobs->run<prune::Heatmap>(
        {Lane::Interactive, tr("Drawing weights"), QStringLiteral("heatmap"), false}, context,
        [=, masks = m_document->masks()](const EventSink<>&, RunControl& control) {
            return prune::weightHeatmap(*snapshot, masks, layer, options, control);
        },
        std::move(done));
}

void Workbench::requestOverview(int bins, QObject* context,
                                std::function<void(Result<prune::Heatmap>)> done) {
    const model::SnapshotPtr snapshot = m_document->snapshot();
    const prune::MasksPtr masks = m_document->masks();
    if (!snapshot || !masks) return;
    m_jobs->run<prune::Heatmap>(
        {Lane::Interactive, tr("Drawing the overview"), QStringLiteral("overview"), false}, context,
        [=](const EventSink<>&, RunControl& control) {
            return prune::overviewHeatmap(*snapshot, *masks, bins, control);
        },
        std::move(done));
}

}  // namespace espalier::ui
