// SPDX-License-Identifier: GPL-3.0-or-later
// What takes the work out of the window: commands that do it again, and reports.
#include <QFileInfo>

#include "app/gui/tasks.h"
#include "ui/dialogs/command_dialog.h"
#include "ui/dialogs/dialogs.h"
#include "ui/document/report_export.h"
#include "ui/document/workbench.h"
#include "ui/panels/training_panel.h"

namespace espalier::gui {

namespace dialogs = ui::dialogs;

void Tasks::copyTuneCommand(const ui::TrainingPanel& training) {
    const ui::Document& document = *m_workbench->document();
    if (!document.hasModel() || !document.dataset()) return;
    const train::Recipe recipe = training.recipe();
    if (const auto checked = train::check(recipe); !checked) return onFailed(checked.error());
    ui::copyCommand(m_workbench, ui::tuneDraft(document, recipe).second, m_window);
}

void Tasks::offerExportCommand(QDialog& dialog, const std::string& format, Shape shape) {
    ui::offerCommand(dialog, m_workbench, [this, format, shape] {
        return ui::exportDraft(*m_workbench->document(), format, shape == Shape::Masked).second;
    });
}

void Tasks::exportReport() {
    if (!m_workbench->document()->hasModel()) return;
    QString path = dialogs::saveFile(
        m_window, {tr("Export report"), suggestedName(QStringLiteral("-report.html")),
                   tr("Reports for people (*.html);;Reports for programs (*.json)")});
    if (path.isEmpty()) return;
    if (QFileInfo(path).suffix().isEmpty()) path += QStringLiteral(".html");
    ui::exportReport(*m_workbench, path.toStdString());
}

}  // namespace espalier::gui
