// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/random_baseline.h"

#include "core/exchange/scan_cache.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/document/sensitivity_scan.h"
#include "ui/jobs/job_runner.h"

namespace espalier::ui {

namespace {

const QString kSlot = QStringLiteral("randomBaseline");
constexpr auto kRandom = "random";

}  // namespace

RandomBaseline::RandomBaseline(Document* document, JobRunner* jobs, const SensitivityScan* scan,
                               QObject* parent)
    : QObject(parent), m_document(document), m_jobs(jobs), m_scan(scan) {
    connect(scan, &SensitivityScan::curvesChanged, this, &RandomBaseline::followScan);
}

bool RandomBaseline::isOffered() const {
    return m_scan->hasPoints() && m_scan->options().criterionName() != kRandom;
}

const measure::SensitivityCurve* RandomBaseline::curve(const std::string& name) const {
    const auto found = m_curves.find(name);
    return found == m_curves.end() ? nullptr : &found->second;
}

measure::ScanOptions RandomBaseline::optionsFor(const std::string& name) const {
    measure::ScanOptions options = m_scan->options();
    options.criterion = kRandom;
    options.rankedOn.clear();
    options.only = {name};
    options.first.clear();
    return options;
}

/// Points of a scan that goes on come with the same options.
void RandomBaseline::followScan() {
    forgetFailure();
    if (m_scan->hasPoints() && m_scan->options() == m_options) return;
    if (m_curves.empty() && !isMeasuring()) return;
    m_jobs->cancelSlot(kSlot);
    m_job = 0;
    m_curves.clear();
    Q_EMIT changed();
}

void RandomBaseline::measure(const std::string& name) {
    const bool isUnderWay = isMeasuring() && m_name == name;
    if (!isOffered() || curve(name) || isUnderWay || name == m_failed) return;
    if (m_scan->indexOf(name) < 0) return;
    const auto snapshot = m_document->snapshot();
    const auto dataset = m_document->dataset();
    const auto* found = m_document->channels()->found();
    const auto groups = found ? found->groups : nullptr;
    m_options = m_scan->options();
    m_name = name;
    JobOptions job{Lane::Scan, tr("Random baseline of %1").arg(QString::fromStdString(name)),
                   kSlot};
    job.yields = true;
    m_job = m_jobs->run<measure::Sensitivity>(
        job, this,
        [snapshot, dataset, groups, options = optionsFor(name)](const EventSink<>& events,
                                                                RunControl& control) {
            auto cache = exchange::ScanCache::forModel(*snapshot);
            return measure::scanSensitivity(*snapshot, groups, *dataset, options, cache,
                                            {events.onProgress, {}}, control);
        },
        [this, name](const Result<measure::Sensitivity>& result) { take(name, result); });
    Q_EMIT changed();
}

void RandomBaseline::take(const std::string& name, const Result<measure::Sensitivity>& result) {
    m_job = 0;
    if (result && !result->curves.empty()) m_curves[name] = result->curves.front();
    if (!result && result.error().kind != Error::Kind::Cancelled) {
        m_failed = name;
        Q_EMIT failed(result.error());
    }
    Q_EMIT changed();
}

}  // namespace espalier::ui
