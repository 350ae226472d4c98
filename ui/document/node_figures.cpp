// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/node_figures.h"

#include <utility>

#include "ui/document/document.h"
#include "ui/document/resolve_plan.h"
#include "ui/jobs/job_runner.h"

namespace espalier::ui {

namespace {

const QString kSlot = QStringLiteral("history");

using Known = std::map<project::NodeId, prune::Footprint>;
using Unknown = std::vector<std::pair<project::NodeId, PlanSubject>>;

// What cannot be counted is left out.
Result<Known> countAll(const Unknown& unknown, RunControl& control) {
    Known known;
    for (const auto& [node, subject] : unknown) {
        const auto masks = resolvePlan(subject, control);
        if (!masks && masks.error().kind == Error::Kind::Cancelled) return masks.error();
        if (masks) known[node] = prune::footprint(*subject.snapshot, **masks);
    }
    return known;
}

}  // namespace

NodeFigures::NodeFigures(Document* document, JobRunner* jobs, QObject* parent)
    : QObject(parent), m_document(document), m_jobs(jobs) {
    connect(document, &Document::modelChanged, this, &NodeFigures::forget);
    connect(document, &Document::historyChanged, this, &NodeFigures::count);
    connect(document, &Document::scoresMeasured, this, &NodeFigures::count);
}

const prune::Footprint* NodeFigures::find(project::NodeId node) const {
    const auto found = m_known.find(node);
    return found == m_known.end() ? nullptr : &found->second;
}

void NodeFigures::forget() {
    m_jobs->cancelSlot(kSlot);
    m_known.clear();
    Q_EMIT changed();
}

void NodeFigures::count() {
    Unknown unknown;
    for (const auto& node : m_document->history().nodes()) {
        if (!m_known.contains(node->id))
            unknown.emplace_back(node->id, planSubject(*m_document, {node->id, node->plan}));
    }
    if (unknown.empty()) return;
    m_jobs->run<Known>(
        {Lane::Scan, tr("Reading the history"), kSlot, false}, this,
        [unknown](const EventSink<>&, RunControl& control) { return countAll(unknown, control); },
        [this](Result<Known> known) {
            if (!known || known->empty()) return;
            m_known.merge(*known);
            Q_EMIT changed();
        });
}

double sparsityOf(const prune::Footprint& dense, const prune::Footprint& now) {
    if (dense.weights == 0) return 0;
    return 1 - static_cast<double>(now.weightsKept) / static_cast<double>(dense.weights);
}

}  // namespace espalier::ui
