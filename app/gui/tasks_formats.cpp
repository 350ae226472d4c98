// SPDX-License-Identifier: GPL-3.0-or-later
// Exports in formats for other programs.
#include <QFileInfo>

#include "app/gui/tasks.h"
#include "ui/dialogs/dialogs.h"
#include "ui/dialogs/format_dialog.h"
#include "ui/document/workbench.h"

namespace espalier::gui {

namespace dialogs = ui::dialogs;

void Tasks::exportFormat(const std::string& format, const QString& title, const QString& filter) {
    ui::FormatDialog dialog(m_workbench, format, m_window);
    offerExportCommand(dialog, format, Shape::Cut);
    if (!dialogs::run(dialog) || !dialog.preview()) return;
    const auto suffix = QString::fromUtf8(dialog.preview()->format.suffix.data());
    QString path = dialogs::saveFile(m_window, {title, suggestedName(suffix), filter});
    if (path.isEmpty()) return;
    if (QFileInfo(path).suffix().isEmpty()) path += suffix;
    ui::exportFormat(*m_workbench, *dialog.preview(), path.toStdString());
}

void Tasks::exportOnnx() {
    exportFormat("onnx", tr("Export ONNX"), tr("ONNX models (*.onnx);;All files (*)"));
}

void Tasks::exportSafetensors() {
    exportFormat("safetensors", tr("Export weights as safetensors"),
                 tr("safetensors files (*.safetensors);;All files (*)"));
}

}  // namespace espalier::gui
