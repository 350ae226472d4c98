// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/document/format_export.h"

#include <utility>

#include "ui/document/resolve_plan.h"
#include "ui/document/workbench.h"

namespace espalier::ui {
namespace {

const QString kSlot = QStringLiteral("format");

/// Runs in a job. Errors: those of resolvePlan, cutPlan and exchange::previewOnnx.
Result<FormatPreview> prepare(const PlanSubject& subject, const std::string& name,
                              const EventSink<>& events, RunControl& control) {
    const auto format = exchange::findModelFormat(name);
    if (!format) return format.error();
    const auto masks = resolvePlan(subject, control);
    if (!masks) return masks.error();
    FormatPreview preview{*format, {subject.snapshot, *masks}, {}};
    if (const auto& choice = (*masks)->channels(); choice && !choice->isWhole()) {
        auto cut = cutPlan(subject, events, control);
        if (!cut) return cut.error();
        preview.subject.masks = cut->masks;
        preview.subject.cut = cut->model;
    }
    if (format->name != "onnx") return preview;
    auto onnx = exchange::previewOnnx(preview.subject, events, control);
    if (!onnx) return onnx.error();
    preview.onnx = std::move(*onnx);
    return preview;
}

}  // namespace

void previewFormat(Workbench& workbench, const std::string& format, QObject* context,
                   std::function<void(Result<FormatPreview>)> done) {
    if (!workbench.document()->hasModel()) return;
    workbench.jobs()->run<FormatPreview>(
        {Lane::Scan, Workbench::tr("Preparing the export"), kSlot}, context,
        [=, subject = planSubject(*workbench.document())](const EventSink<>& events,
                                                          RunControl& control) {
            return prepare(subject, format, events, control);
        },
        std::move(done));
}

void stopPreview(Workbench& workbench) {
    workbench.jobs()->cancelSlot(kSlot);
}

void exportFormat(Workbench& workbench, const FormatPreview& preview,
                  const std::filesystem::path& target) {
    const QString name = QString::fromStdString(target.filename().string());
    using Notes = std::vector<std::string>;
    workbench.jobs()->run<Notes>(
        {Lane::Scan, Workbench::tr("Exporting %1").arg(name)}, &workbench,
        [=](const EventSink<>& events, RunControl& control) {
            return preview.format.write(preview.subject, target, events, control);
        },
        [name, target, &workbench](const Result<Notes>& result) {
            if (!result && result.error().kind == Error::Kind::Cancelled) {
                Q_EMIT workbench.cancelled();
            } else if (!result) {
                Q_EMIT workbench.failed(result.error());
            } else {
                Q_EMIT workbench.succeeded(
                    Workbench::tr("Exported %1: read again, it holds what was written.").arg(name),
                    QString::fromStdString(target.string()));
            }
        });
}

}  // namespace espalier::ui
