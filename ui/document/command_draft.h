// SPDX-License-Identifier: GPL-3.0-or-later
// The command of espalier-cli that does what the window does, and what it needs that is in no file
// yet.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <QString>

#include "core/project/specs.h"

namespace espalier::ui {

class Document;
class Workbench;

struct CommandDraft {
    QString command;  ///< one line for a POSIX shell
    /// To be written: the plan and the recipe as text, weights that no file has as models.
    std::vector<std::pair<std::filesystem::path, std::string>> texts;
    std::vector<std::pair<std::filesystem::path, model::SnapshotPtr>> models;

    std::vector<std::filesystem::path> files() const;  ///< of both
};

/// The spec of a fine-tuning that starts now, and what of it has to be written. Needs model and
/// data. Files go beside the model, or home where that folder is the program's own or cannot be
/// written to; a name that is taken by another text is passed over.
std::pair<project::TuneSpec, CommandDraft> tuneDraft(const Document& document,
                                                     const train::Recipe& recipe);
/// The same of an export. `format`: a name of exchange::modelFormats().
std::pair<project::ExportSpec, CommandDraft> exportDraft(const Document& document,
                                                         const std::string& format, bool isMasked);

/// Writes what the draft needs; the workbench tells how it went.
void writeFiles(Workbench& workbench, const CommandDraft& draft);

}  // namespace espalier::ui
