// SPDX-License-Identifier: GPL-3.0-or-later
// What a file that was dropped or named on the command line is to the program.
#pragma once

#include <QString>

namespace espalier::gui {

enum class FileKind {
    Missing,
    Model,    ///< *.pt, *.pth, *.ts, *.torchscript: what it really is, opening tells
    Plan,     ///< JSON with "format": "espalier-plan"
    Recipe,   ///< JSON with "format": "espalier-recipe"
    Session,  ///< *.espalier
    Data,     ///< a folder, or an IDX file
    Other
};

FileKind fileKind(const QString& path);

}  // namespace espalier::gui
