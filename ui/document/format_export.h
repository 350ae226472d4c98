// SPDX-License-Identifier: GPL-3.0-or-later
// Exports in formats for other programs: looked at first, then written.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/exchange/model_format.h"
#include "core/exchange/onnx_export.h"

class QObject;

namespace espalier::ui {

class Workbench;

/// What an export would write.
struct FormatPreview {
    exchange::ModelFormat format;
    exchange::ExportSubject subject;  ///< cut and proved where channels go
    exchange::OnnxPreview onnx;       ///< of ONNX alone
};

/// Cuts and proves where channels go; follows the model where `format`, a name of
/// exchange::modelFormats(), is ONNX. `done` is called on the GUI thread while `context` lives.
void previewFormat(Workbench& workbench, const std::string& format, QObject* context,
                   std::function<void(Result<FormatPreview>)> done);
void stopPreview(Workbench& workbench);

/// Writes what previewFormat made. The workbench tells how it went.
void exportFormat(Workbench& workbench, const FormatPreview& preview,
                  const std::filesystem::path& target);

}  // namespace espalier::ui
