// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/score_jobs.h"

#include <algorithm>
#include <utility>

#include "core/measure/criterion_scores.h"
#include "core/project/choice_scores.h"
#include "core/prune/channel_criterion.h"
#include "core/prune/criterion.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/jobs/job_runner.h"

namespace espalier::ui {

namespace {

Error noData(const std::string& criterion) {
    return {Error::Kind::BadArgument, "Cannot rank by " + criterion,
            "the criterion " + criterion + " needs data", "Attach data with File ▸ Attach data"};
}

/// What the plan ranks by, whether it has rules or not.
std::vector<prune::ScoreKey> keysOf(const Document& document) {
    const prune::Plan& plan = document.plan();
    std::vector<prune::ScoreKey> keys;
    const auto add = [&](const Result<prune::CriterionInfo>& info) {
        if (!info || !info->isMeasured()) return;
        const auto key = prune::scoreKey(*document.snapshot(), plan, info->name);
        if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    };
    add(prune::findWeightCriterion(plan.weightCriterion));
    add(prune::findChannelCriterion(plan.channelDefaults.criterion));
    return keys;
}

}  // namespace

prune::Plan planWithSamples(const Document& document) {
    prune::Plan plan = document.plan();
    if (!plan.data.empty() || !document.dataset()) return plan;
    if (const auto slice = project::sliceToLookAt(plan, *document.dataset(), {}))
        plan.data = *slice;
    return plan;
}

ScoreJobs::ScoreJobs(Document* document, JobRunner* jobs, QObject* parent)
    : QObject(parent), m_document(document), m_jobs(jobs) {
    connect(document, &Document::snapshotChanged, this, &ScoreJobs::refresh);
    connect(document, &Document::planChanged, this, &ScoreJobs::refresh);
    connect(document, &Document::datasetChanged, this, [this] {
        m_asked.clear();
        refresh();
    });
}

std::vector<prune::ScoreKey> ScoreJobs::missing(std::vector<prune::ScoreKey> keys) const {
    std::erase_if(keys, [this](const auto& key) { return m_document->scores().find(key); });
    return keys;
}

void ScoreJobs::measure(std::vector<prune::ScoreKey> keys, const QString& slot,
                        std::function<void(const Result<void>&)> done) {
    const model::SnapshotPtr snapshot = m_document->snapshot();
    const data::DatasetPtr dataset = m_document->dataset();
    JobOptions job{Lane::Scan, tr("Measuring scores"), slot};
    job.yields = true;
    m_jobs->run<void, prune::ScoresPtr>(
        job, this,
        [=, metrics = m_document->metricOptions()](const EventSink<prune::ScoresPtr>& events,
                                                   RunControl& control) -> Result<void> {
            for (const prune::ScoreKey& key : keys) {
                const auto scores =
                    measure::measureScores(snapshot, *dataset, {.key = key, .metrics = metrics},
                                           {events.onProgress, {}}, control);
                if (!scores) return scores.error();
                events.publish(*scores);
            }
            return {};
        },
        [this, dataset, done = std::move(done)](const Result<void>& result) {
            const bool isOtherData = m_document->dataset() != dataset;
            if (!result) Q_EMIT failed(result.error());
            if (!isOtherData) done(result);
        },
        [this, dataset](const prune::ScoresPtr& scores) {
            if (m_document->dataset() == dataset) m_document->addScores(scores);
        });
}

void ScoreJobs::rankBy(const QString& criterion, bool isMeasured, const Apply& apply) {
    const QString slot = QStringLiteral("chosenScores");
    m_jobs->cancelSlot(slot);
    if (!isMeasured) return apply({});
    if (!m_document->dataset()) return Q_EMIT failed(noData(criterion.toStdString()));
    const prune::Plan plan = planWithSamples(*m_document);
    const auto keys =
        missing({prune::scoreKey(*m_document->snapshot(), plan, criterion.toStdString())});
    if (keys.empty()) return apply(plan.data);
    measure(keys, slot,
            [this, apply, data = plan.data,
             snapshot = m_document->snapshot()](const Result<void>& result) {
                if (result && m_document->snapshot() == snapshot) apply(data);
            });
}

void ScoreJobs::rankWeightsBy(const QString& criterion) {
    const auto info = prune::findWeightCriterion(criterion.toStdString());
    if (!m_document->hasModel() || !info) return;
    rankBy(criterion, info->isMeasured(), [this, criterion](const std::string& data) {
        m_document->setCriterion(criterion, data);
    });
}

void ScoreJobs::rankChannelsBy(const QString& criterion) {
    const auto info = prune::findChannelCriterion(criterion.toStdString());
    if (!m_document->hasModel() || !info) return;
    rankBy(criterion, info->isMeasured(), [this, name = info->name](const std::string& data) {
        prune::ChannelDefaults defaults = m_document->plan().channelDefaults;
        defaults.criterion = name;
        m_document->channels()->setDefaults(defaults, data);
    });
}

void ScoreJobs::measureForComparison(const QString& criterion) {
    auto info = prune::findChannelCriterion(criterion.toStdString());
    if (!info) info = prune::findWeightCriterion(criterion.toStdString());
    if (!m_document->hasModel() || !info || !info->isMeasured()) return;
    if (!m_document->dataset()) return Q_EMIT failed(noData(info->name));
    const prune::Plan plan = planWithSamples(*m_document);
    auto keys = missing({prune::scoreKey(*m_document->snapshot(), plan, info->name)});
    if (keys.empty()) return;
    measure(std::move(keys), QStringLiteral("comparedScores"), [](const auto&) {});
}

// Undo, a training or a plan file may ask for scores that nobody has measured yet.
void ScoreJobs::refresh() {
    if (!m_document->hasModel()) return;
    if (!m_document->dataset()) {
        const auto needed = prune::scoresNeeded(*m_document->snapshot(), m_document->plan());
        const auto without = missing(needed);
        if (!without.empty() && std::exchange(m_asked, without) != without)
            Q_EMIT failed(noData(without.front().criterion));
        return;
    }
    const auto keys = missing(keysOf(*m_document));
    if (keys.empty() || keys == m_asked) return;
    m_asked = keys;
    measure(keys, QStringLiteral("scores"), [](const auto&) {});
}

}  // namespace espalier::ui
