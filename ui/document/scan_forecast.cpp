// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/scan_forecast.h"

#include "core/exchange/scan_cache.h"
#include "core/project/choice_scores.h"
#include "ui/document/channels.h"
#include "ui/document/document.h"
#include "ui/jobs/job_runner.h"

namespace espalier::ui {

namespace {

const QString kSlot = QStringLiteral("sensitivityForecast");

}  // namespace

ScanForecast::ScanForecast(Document* document, JobRunner* jobs, QObject* parent)
    : QObject(parent), m_document(document), m_jobs(jobs) {}

ScanForecast::~ScanForecast() {
    m_jobs->cancelSlot(kSlot);
}

void ScanForecast::ask(measure::ScanOptions options) {
    forget();
    const auto snapshot = m_document->snapshot();
    const auto dataset = m_document->dataset();
    const auto* found = m_document->channels()->found();
    const bool needsGroups = options.structure == measure::Structure::Channels;
    if (!snapshot || !dataset || (needsGroups && !found)) return;
    options.metrics = m_document->metricOptions();
    options.scores = m_document->scores();
    const auto groups = found ? found->groups : nullptr;
    m_jobs->run<measure::ScanEstimate>(
        {Lane::Scan, tr("Estimating the scan"), kSlot, false}, this,
        [snapshot, dataset, groups, options = std::move(options)](const EventSink<>&,
                                                                  RunControl& control) {
            const auto ranked = project::withRankedOn(options, *snapshot, *dataset);
            if (!ranked) return Result<measure::ScanEstimate>(ranked.error());
            const auto cache = exchange::ScanCache::forModel(*snapshot);
            return measure::estimateScan(*snapshot, groups, *dataset, *ranked, cache, control);
        },
        [this](const Result<measure::ScanEstimate>& estimate) {
            if (!estimate) return;  // the scan will say why
            m_estimate = *estimate;
            Q_EMIT changed();
        });
}

void ScanForecast::forget() {
    m_jobs->cancelSlot(kSlot);
    if (!m_estimate) return;
    m_estimate.reset();
    Q_EMIT changed();
}

}  // namespace espalier::ui
