// SPDX-License-Identifier: GPL-3.0-or-later
// Cutting channels out for real.
#include <utility>

#include "ui/document/resolve_plan.h"
#include "ui/document/workbench.h"

namespace espalier::ui {

namespace {
const QString kSlot = QStringLiteral("cut");
}

void Workbench::cutModel(QObject* context, std::function<void(Result<exchange::CutPlan>)> done) {
    if (!m_document->hasModel()) return;
    m_jobs->run<exchange::CutPlan>(
        {Lane::Scan, tr("Cutting the model"), kSlot}, context,
        [subject = planSubject(*m_document)](const EventSink<>& events, RunControl& control) {
            return cutPlan(subject, events, control);
        },
        std::move(done));
}

void Workbench::stopCutting() {
    m_jobs->cancelSlot(kSlot);
}

void Workbench::exportCut(const channels::CutModelPtr& model, const std::filesystem::path& target,
                          const QString& proof) {
    const State state = m_document->state();
    const model::SnapshotPtr root = rootSnapshot();
    const QString name = QString::fromStdString(target.filename().string());
    m_jobs->run<void>(
        {Lane::Scan, tr("Exporting %1").arg(name)}, this,
        [=](const EventSink<>& events, RunControl& control) {
            return channels::saveCut(*model, target, events, control);
        },
        [=, this](const Result<void>& result) {
            if (!result) return fail(result.error());
            if (isModel(root)) noteExport(state, target);
            Q_EMIT succeeded(tr("Exported %1: %2.").arg(name, proof),
                             QString::fromStdString(target.string()));
        });
}

}  // namespace espalier::ui
