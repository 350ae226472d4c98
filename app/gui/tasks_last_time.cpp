// SPDX-License-Identifier: GPL-3.0-or-later
// A model that is opened again: with the data and the input it had. Nothing is measured.
#include <utility>

#include <QFileInfo>

#include "app/gui/recent_choices.h"
#include "app/gui/tasks.h"
#include "ui/document/workbench.h"

namespace espalier::gui {

using ui::Document;

void Tasks::openAsLastTime(const QString& path, std::vector<script::InputSpec> inputs) {
    RecentChoices choices = recentChoices(path);
    m_dataAfterOpening = std::move(choices.data);
    const bool hasData = m_workbench->document()->dataset() != nullptr;
    if (inputs.empty() && !hasData) inputs = std::move(choices.inputs);
    m_workbench->openModel(path.toStdString(), inputs);
}

void Tasks::attachDataOfLastTime() {
    const auto last = std::exchange(m_dataAfterOpening, {});
    if (!last || m_workbench->document()->dataset()) return;
    std::error_code ignored;
    if (std::filesystem::exists(last->spec.path, ignored)) {
        m_dataNote.clear();
        return m_workbench->attachData(last->spec, last->metrics);
    }
    m_dataNote = tr(" The data that was attached to it, %1, is not there.")
                     .arg(QString::fromStdString(last->spec.path.string()));
}

// Data that is not attached this time is not forgotten: it may be on another disk.
void Tasks::rememberChoices() {
    const Document& document = *m_workbench->document();
    if (!document.hasModel()) return;
    const model::Snapshot& opened = *document.history().node(document.history().root()).snapshot;
    const QString model = QString::fromStdString(opened.file().path.string());
    const RecentChoices before = recentChoices(model);
    RecentChoices choices{before.data, {}};
    if (const data::DatasetPtr& dataset = document.dataset())
        choices.data = {data::spec(*dataset), document.metricOptions()};
    if (!opened.inputsAreGuessed())
        choices.inputs.assign(opened.inputs().begin(), opened.inputs().end());
    if (choices != before) gui::rememberChoices(model, choices);
}

}  // namespace espalier::gui
