// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/comparison.h"

#include <algorithm>
#include <utility>

#include "ui/document/document.h"
#include "ui/document/resolve_plan.h"
#include "ui/jobs/job_runner.h"

namespace espalier::ui {

namespace {

const QString kLayersSlot = QStringLiteral("compare");
const QString kHistogramSlot = QStringLiteral("compareHistogram");
constexpr int kBins = 240;

constexpr std::array<Side, 2> kFirstSides{Side{Side::Kind::Dense}, Side{Side::Kind::Current}};

struct Counted {
    std::array<prune::Pruned, 2> pruned;
    std::vector<prune::LayerComparison> layers;
};

Result<Counted> countSides(const std::array<PlanSubject, 2>& subjects, RunControl& control) {
    Counted counted;
    for (const std::size_t side : {0, 1}) {
        auto masks = resolvePlan(subjects[side], control);
        if (!masks) return masks.error();
        counted.pruned[side] = {subjects[side].snapshot, std::move(*masks)};
    }
    auto layers = prune::compareLayers(counted.pruned[0], counted.pruned[1], control);
    if (!layers) return layers.error();
    counted.layers = std::move(*layers);
    return counted;
}

}  // namespace

Comparison::Comparison(Document* document, JobRunner* jobs, QObject* parent)
    : QObject(parent),
      m_document(document),
      m_jobs(jobs),
      m_measuring(new StateJobs(document, jobs, QStringLiteral("compareMeasure"), this)),
      m_sides(kFirstSides) {
    connect(m_measuring, &StateJobs::failed, this, &Comparison::failed);
    connect(document, &Document::modelChanged, this, &Comparison::reset);
    connect(document, &Document::historyChanged, this, &Comparison::followHistory);
    connect(document, &Document::masksChanged, this, &Comparison::recount);
    connect(document, &Document::selectionChanged, this, &Comparison::countHistograms);
    connect(document, &Document::measurementsChanged, this, &Comparison::measurementsChanged);
}

void Comparison::reset() {
    m_jobs->cancelSlot(kHistogramSlot);
    m_sides = kFirstSides;
    m_layers.clear();
    m_histograms.reset();
    m_pruned = {};
    Q_EMIT sidesChanged();
    recount();
}

// A node that was deleted is compared no more.
void Comparison::followHistory() {
    for (const Which which : {Left, Right}) {
        const bool isGone = m_sides[which].kind == Side::Kind::Node &&
                            !m_document->history().has(m_sides[which].node);
        if (isGone) m_sides[which] = kFirstSides[which];
        if (isGone) recount();
    }
    Q_EMIT sidesChanged();
}

void Comparison::setSide(Which which, const Side& side) {
    if (m_sides[which] == side) return;
    m_sides[which] = side;
    Q_EMIT sidesChanged();
    Q_EMIT measurementsChanged();
    recount();
}

void Comparison::swap() {
    std::swap(m_sides[Left], m_sides[Right]);
    Q_EMIT sidesChanged();
    Q_EMIT measurementsChanged();
    recount();
}

State Comparison::stateOf(Which which) const {
    const Side& side = m_sides[which];
    if (!m_document->hasModel()) return {};
    if (side.kind == Side::Kind::Dense) return m_document->denseState();
    if (side.kind == Side::Kind::Current) return m_document->state();
    return {side.node, m_document->history().node(side.node).plan};
}

QString Comparison::nameOf(Which which) const {
    const Side& side = m_sides[which];
    if (side.kind == Side::Kind::Dense) return tr("dense");
    if (side.kind == Side::Kind::Current) return tr("current");
    return QString::fromStdString(m_document->history().node(side.node).name);
}

void Comparison::setWatched(bool watched) {
    m_isWatched = watched;
    if (watched && m_isStale) count();
}

void Comparison::recount() {
    m_isStale = true;
    if (m_isWatched) count();
}

void Comparison::count() {
    if (!m_document->hasModel()) return m_jobs->cancelSlot(kLayersSlot);
    // What is shown is being worked out: it is counted when it is there.
    if (!m_document->masks()) return;
    m_isStale = false;
    m_isCounting = true;
    const std::array subjects{planSubject(*m_document, stateOf(Left)),
                              planSubject(*m_document, stateOf(Right))};
    m_jobs->run<Counted>(
        {Lane::Interactive, tr("Comparing layers"), kLayersSlot, false}, this,
        [subjects](const EventSink<>&, RunControl& control) {
            return countSides(subjects, control);
        },
        [this](Result<Counted> counted) {
            m_isCounting = false;
            m_error = counted ? std::nullopt : std::optional(counted.error());
            m_pruned = counted ? counted->pruned : std::array<prune::Pruned, 2>();
            m_layers = counted ? std::move(counted->layers) : std::vector<prune::LayerComparison>();
            Q_EMIT layersChanged();
            countHistograms();
        });
    Q_EMIT layersChanged();
}

void Comparison::countHistograms() {
    const model::LayerId layer = m_document->selection();
    if (!m_isWatched || !m_pruned[0].snapshot || !m_document->hasModel() || !layer.isValid()) {
        if (m_histograms) {
            m_histograms.reset();
            Q_EMIT histogramsChanged();
        }
        return;
    }
    const std::string name = m_document->snapshot()->layer(layer).name;
    m_jobs->run<prune::HistogramPair>(
        {Lane::Interactive, tr("Comparing histograms"), kHistogramSlot, false}, this,
        [pruned = m_pruned, name](const EventSink<>&, RunControl& control) {
            return prune::compareHistograms(pruned[0], pruned[1], name, kBins, control);
        },
        [this, name](Result<prune::HistogramPair> pair) {
            m_error = pair ? std::nullopt : std::optional(pair.error());
            m_histograms.reset();
            if (pair) m_histograms = std::move(*pair);
            m_histogramLayer = name;
            Q_EMIT histogramsChanged();
        });
}

const prune::LayerComparison* Comparison::layer(const std::string& name) const {
    const auto found = std::ranges::find(m_layers, name, &prune::LayerComparison::name);
    return found == m_layers.end() ? nullptr : &*found;
}

std::optional<measure::Evaluation> Comparison::evaluation(Which which) const {
    const data::DatasetPtr& dataset = m_document->dataset();
    if (!dataset) return {};
    return m_document->evaluationOf(stateOf(which), choiceSplit(*dataset));
}

std::vector<ClassDifference> Comparison::classes() const {
    const auto left = evaluation(Left);
    const auto right = evaluation(Right);
    if (!left || !right || left->classes.size() != right->classes.size()) return {};
    const auto share = [](const measure::ClassAccuracy& of) {
        return of.samples > 0 ? static_cast<double>(of.correct) / static_cast<double>(of.samples)
                              : 0;
    };
    std::vector<ClassDifference> classes;
    for (std::size_t i = 0; i < left->classes.size(); ++i) {
        const auto& before = left->classes[i];
        classes.push_back({QString::fromStdString(before.name), before.samples, share(before),
                           share(right->classes[i])});
    }
    return classes;
}

std::optional<std::array<measure::Latency, 2>> Comparison::latencies() const {
    const auto left = m_document->latencyOf(stateOf(Left));
    const auto right = m_document->latencyOf(stateOf(Right));
    if (!left || !right || left->run != right->run) return {};
    return std::array{left->latency, right->latency};
}

void Comparison::measureAccuracy() {
    m_measuring->evaluate({stateOf(Left), stateOf(Right)});
}

void Comparison::measureLatency() {
    m_measuring->measureLatencies({stateOf(Left), stateOf(Right)});
}

}  // namespace espalier::ui
