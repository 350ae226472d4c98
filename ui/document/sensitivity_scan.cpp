// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/sensitivity_scan.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/exchange/scan_cache.h"
#include "core/project/choice_scores.h"
#include "core/prune/channel_criterion.h"
#include "core/prune/criterion.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/document/score_jobs.h"
#include "ui/jobs/job_runner.h"

namespace espalier::ui {

using measure::ScanPoint;
using measure::Sensitivity;

namespace {

/// Whether points of one scan are points of the other.
bool measureAlike(const measure::ScanOptions& one, const measure::ScanOptions& other) {
    measure::ScanOptions same = one;
    same.maxDrop = other.maxDrop;
    same.levels = other.levels;
    same.first = other.first;
    same.scores = other.scores;
    return same == other;
}

bool haveSameNames(const std::vector<measure::SensitivityCurve>& one,
                   const std::vector<measure::SensitivityCurve>& other) {
    return std::ranges::equal(one, other, {}, &measure::SensitivityCurve::name,
                              &measure::SensitivityCurve::name);
}

}  // namespace

SensitivityScan::SensitivityScan(Document* document, JobRunner* jobs, QObject* parent)
    : QObject(parent), m_document(document), m_jobs(jobs) {
    connect(document, &Document::modelChanged, this, &SensitivityScan::forget);
    connect(document, &Document::snapshotChanged, this, &SensitivityScan::forget);
    connect(document, &Document::datasetChanged, this, &SensitivityScan::forget);
    connect(document, &Document::selectionChanged, this,
            [this] { m_wish->prefer(targetOf(m_document->selection())); });
    connect(jobs, &JobRunner::jobProgressed, this, [this](int id) {
        if (id == m_job) Q_EMIT progressed();
    });
}

bool SensitivityScan::isOfChannels() const {
    return m_shown.options.structure == measure::Structure::Channels;
}

void SensitivityScan::start(measure::ScanOptions options) {
    const auto snapshot = m_document->snapshot();
    const auto dataset = m_document->dataset();
    if (!snapshot) return;
    if (!dataset) {
        Q_EMIT failed({Error::Kind::BadArgument, "Cannot scan the sensitivity",
                       "no data is attached", "Attach data with File ▸ Attach data"});
        return;
    }
    stop();
    prepare(std::move(options));
    m_wish->prefer(m_shown.options.first);
    JobOptions job{Lane::Scan, tr("Sensitivity"), QStringLiteral("sensitivity")};
    job.yields = true;
    const auto* found = m_document->channels()->found();
    const auto groups = found ? found->groups : nullptr;
    m_job = m_jobs->run<Sensitivity, ScanPoint>(
        job, this,
        [snapshot, dataset, groups, scan = m_shown.options, wish = m_wish](
            const EventSink<ScanPoint>& events, RunControl& control) -> Result<Sensitivity> {
            const auto ranked =
                project::withScores(scan, snapshot, *dataset, {events.onProgress, {}}, control);
            if (!ranked) return ranked.error();
            auto cache = exchange::ScanCache::forModel(*snapshot);
            return measure::scanSensitivity(*snapshot, groups, *dataset, *ranked, cache, events,
                                            control, wish.get());
        },
        [this](const Result<Sensitivity>& result) { finish(result); },
        [this](const ScanPoint& point) { add(point); });
    Q_EMIT curvesChanged();
    Q_EMIT runningChanged();
}

void SensitivityScan::prepare(measure::ScanOptions options) {
    const Shown last = std::exchange(m_shown, {});
    m_shown.options = std::move(options);
    m_shown.options.metrics = m_document->metricOptions();
    m_shown.options.scores = m_document->scores();
    m_shown.options.first = targetOf(m_document->selection());
    m_shown.metric = m_document->metric();
    m_shown.curves = emptyCurves();
    const bool isGoingOn =
        measureAlike(last.options, m_shown.options) && haveSameNames(last.curves, curves());
    if (isGoingOn) {
        m_shown.dense = last.dense;
        m_shown.curves = last.curves;
    }
    if (last.dense) m_before = last;
}

void SensitivityScan::finish(const Result<Sensitivity>& result) {
    m_job = 0;
    if (!result && !hasPoints() && m_before.dense) {
        m_shown = m_before;
        Q_EMIT curvesChanged();
    }
    m_before = {};
    Q_EMIT runningChanged();
    if (!result && result.error().kind != Error::Kind::Cancelled) Q_EMIT failed(result.error());
    if (!result) return;
    for (const auto& note : result->notes) Q_EMIT noted(QString::fromStdString(note));
}

void SensitivityScan::stop() {
    if (isRunning()) m_jobs->cancel(m_job);
}

std::optional<Progress> SensitivityScan::progress() const {
    for (const auto& job : m_jobs->jobs()) {
        if (isRunning() && job.id == m_job) return job.progress;
    }
    return std::nullopt;
}

void SensitivityScan::forget() {
    m_jobs->cancelSlot(QStringLiteral("sensitivity"));
    m_job = 0;
    m_shown.dense.reset();
    m_shown.curves.clear();
    m_before = {};
    Q_EMIT curvesChanged();
    Q_EMIT runningChanged();
}

std::vector<measure::SensitivityCurve> SensitivityScan::emptyCurves() const {
    std::vector<measure::SensitivityCurve> curves;
    if (!isOfChannels()) {
        for (const auto& layer : m_document->snapshot()->layers()) {
            if (layer.prunable.weights) curves.push_back({layer.name, {}, {}});
        }
    } else if (const auto* found = m_document->channels()->found()) {
        for (const auto& group : found->groups->groups()) {
            if (!group.locked) curves.push_back({group.key, {}, {}});
        }
    }
    return curves;
}

void SensitivityScan::add(const ScanPoint& point) {
    if (point.name.empty()) {
        m_shown.dense = point.figures;
    } else if (const int curve = indexOf(point.name); curve >= 0) {
        auto& points = m_shown.curves[static_cast<std::size_t>(curve)].points;
        const auto at = std::ranges::lower_bound(points, point.sparsity, {}, &ScanPoint::sparsity);
        if (at != points.end() && at->sparsity == point.sparsity) {
            *at = point;  // of a scan that goes on
        } else {
            points.insert(at, point);
        }
    }
    Q_EMIT curvesChanged();
}

bool SensitivityScan::hasPoints() const {
    return std::ranges::any_of(curves(), [](const auto& curve) { return !curve.points.empty(); });
}

int SensitivityScan::indexOf(const std::string& name) const {
    const auto found = std::ranges::find(m_shown.curves, name, &measure::SensitivityCurve::name);
    return found == m_shown.curves.end() ? -1 : static_cast<int>(found - m_shown.curves.begin());
}

/// Empty when the layer has none.
std::string SensitivityScan::targetOf(model::LayerId layer) const {
    if (!layer.isValid() || !m_document->hasModel()) return {};
    if (!isOfChannels()) {
        const auto& own = m_document->snapshot()->layer(layer);
        return own.prunable.weights ? own.name : std::string();
    }
    const auto* channels = m_document->channels();
    const auto group = channels->groupOf(layer);
    return group && !channels->group(*group).locked ? channels->group(*group).key : std::string();
}

int SensitivityScan::indexOf(model::LayerId layer) const {
    const std::string target = targetOf(layer);
    return target.empty() ? -1 : indexOf(target);
}

model::LayerId SensitivityScan::layerOf(int curve) const {
    if (curve < 0 || curve >= std::ssize(m_shown.curves) || !m_document->hasModel()) return {};
    for (const auto& layer : m_document->snapshot()->layers()) {
        if (indexOf(layer.id) == curve) return layer.id;
    }
    return {};
}

double SensitivityScan::dropOf(const ScanPoint& point) const {
    return m_shown.metric.drop(m_shown.dense->score, point.figures.score);
}

std::optional<double> SensitivityScan::largest(int curve, double drop) const {
    if (curve < 0 || curve >= std::ssize(m_shown.curves) || !m_shown.dense) return std::nullopt;
    const auto& points = m_shown.curves[static_cast<std::size_t>(curve)].points;
    if (points.empty()) return std::nullopt;
    measure::Drops drops;
    for (const auto& point : points) {
        const auto level = static_cast<std::size_t>(std::lround(point.sparsity * 20)) - 1;
        drops[level] = dropOf(point);
    }
    const auto level = measure::largestWithin(drops, drop);
    return level ? measure::sparsityOfLevel(*level) : 0;
}

std::map<std::string, prune::DropCurve> SensitivityScan::dropCurves() const {
    std::map<std::string, prune::DropCurve> drops;
    if (!m_shown.dense) return drops;
    for (const auto& curve : m_shown.curves) {
        if (curve.points.empty()) continue;
        auto& own = drops[curve.name];
        for (const auto& point : curve.points) own.push_back({point.sparsity, dropOf(point)});
    }
    return drops;
}

bool SensitivityScan::isOfPlansCriterion() const {
    const prune::Plan& plan = m_document->plan();
    return m_shown.options.criterionName() ==
           (isOfChannels() ? plan.channelDefaults.criterion : plan.weightCriterion);
}

prune::Plan SensitivityScan::planAsMeasured() {
    prune::Plan plan = m_document->plan();
    if (isOfPlansCriterion()) return plan;
    const std::string criterion = m_shown.options.criterionName();
    const auto info = isOfChannels() ? prune::findChannelCriterion(criterion)
                                     : prune::findWeightCriterion(criterion);
    if (info && info->isMeasured()) plan = planWithSamples(*m_document);
    (isOfChannels() ? plan.channelDefaults.criterion : plan.weightCriterion) = criterion;
    Q_EMIT noted(tr("%1 ranks the plan now, as it did these points.")
                     .arg(QString::fromStdString(criterion)));
    return plan;
}

void SensitivityScan::setSparsity(int curve, double sparsity) {
    const model::LayerId layer = layerOf(curve);
    if (!layer.isValid()) return;
    const QString text = tr("set a sparsity that was measured");
    const std::string& name = m_shown.curves[static_cast<std::size_t>(curve)].name;
    if (!isOfChannels()) {
        if (m_document->isLocked(layer)) return;
        prune::Plan plan = planAsMeasured();
        plan.weights.insert_or_assign(name, prune::WeightRule::sparsity(sparsity));
        return m_document->setPlan(std::move(plan), text);
    }
    const auto* channels = m_document->channels();
    const auto group = channels->groupOf(layer);
    if (!group || !channels->whyFixed(*group).isEmpty()) return;
    prune::Plan plan = planAsMeasured();
    plan.channels.insert_or_assign(name, prune::ChannelRule::ratio(sparsity));
    m_document->setPlan(std::move(plan), text);
}

void SensitivityScan::setLargest(double drop) {
    if (isOfChannels()) return setLargestChannels(drop);
    prune::Plan plan = planAsMeasured();
    for (int curve = 0; curve < std::ssize(m_shown.curves); ++curve) {
        const auto sparsity = largest(curve, drop);
        if (!sparsity || m_document->isLocked(layerOf(curve))) continue;
        const std::string& name = m_shown.curves[static_cast<std::size_t>(curve)].name;
        plan.weights.erase(name);
        if (*sparsity > 0) plan.weights.emplace(name, prune::WeightRule::sparsity(*sparsity));
    }
    m_document->setPlan(std::move(plan), tr("cut layers where they lose least"));
}

void SensitivityScan::setLargestChannels(double drop) {
    const auto* channels = m_document->channels();
    prune::Plan plan = planAsMeasured();
    for (int curve = 0; curve < std::ssize(m_shown.curves); ++curve) {
        const auto ratio = largest(curve, drop);
        const auto group = channels->groupOf(layerOf(curve));
        if (!ratio || !group || !channels->whyFixed(*group).isEmpty()) continue;
        const std::string& key = m_shown.curves[static_cast<std::size_t>(curve)].name;
        plan.channels.erase(key);
        if (*ratio > 0) plan.channels.emplace(key, prune::ChannelRule::ratio(*ratio));
    }
    m_document->setPlan(std::move(plan), tr("cut groups where they lose least"));
}

}  // namespace espalier::ui
