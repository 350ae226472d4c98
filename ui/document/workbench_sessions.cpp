// SPDX-License-Identifier: GPL-3.0-or-later
// All that there is with one model as one value, and back.
#include <utility>

#include "ui/document/workbench.h"

namespace espalier::ui {

project::Session Workbench::session() const {
    project::Session session{m_document->history(), m_document->state().node,
                             m_document->state().plan};
    if (const data::DatasetPtr& dataset = m_document->dataset())
        session.data = {data::spec(*dataset), m_document->metricOptions()};
    else
        session.data = m_missingData;
    return session;
}

void Workbench::openSession(const std::filesystem::path& file,
                            const project::LocatedModels& located,
                            const std::filesystem::path& title,
                            std::function<void(const project::OpenedSession&)> done) {
    const QString shown = QString::fromStdString(title.string());
    Q_EMIT openStarted(shown);
    if (isTraining()) {
        Q_EMIT openFailed(shown);
        return fail({Error::Kind::BadArgument, "Cannot open " + title.filename().string(),
                     "a fine-tuning is under way",
                     "Stop it first; its best weights so far are kept"});
    }
    makeWayForOpening();
    const QString name = QString::fromStdString(title.filename().string());
    m_jobs->run<project::OpenedSession>(
        {Lane::Scan, tr("Opening %1").arg(name), QStringLiteral("open")}, this,
        [=](const EventSink<>& events, RunControl& control) {
            return project::openSession(file, located, events, control);
        },
        [this, shown, done = std::move(done)](const Result<project::OpenedSession>& result) {
            if (!result) {
                Q_EMIT openFailed(shown);
                resumeAfterOpening();
                return fail(result.error());
            }
            replaceModel([this, shown, done, read = *result] {
                showSession(read);
                Q_EMIT opened(shown);
                done(read);
            });
        });
}

void Workbench::showSession(const project::OpenedSession& read) {
    const project::Session& session = read.session;
    m_document->closeModel();  // its data goes, and must not meet the new one
    m_document->setDataset(read.dataset, session.data && read.dataset ? session.data->metrics
                                                                      : measure::MetricOptions());
    m_document->setOpened(session.history, State{session.current, session.plan});
    if (!read.dataset) m_missingData = session.data;
}

}  // namespace espalier::ui
