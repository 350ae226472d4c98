// SPDX-License-Identifier: GPL-3.0-or-later
// What the program sets up before its window: names, theme, the dialogs behind plots; and what it
// was called with.
#pragma once

#include <optional>

#include <QString>
#include <QStringList>

#include "ui/style/theme.h"

class QApplication;

namespace espalier::gui {

/// Names for settings and desktop, icon, the stored theme, and the file dialog that plots save
/// through.
void setUpApplication(QApplication& application);

style::ThemeMode storedTheme();
/// Switches at once and remembers it.
void setTheme(style::ThemeMode mode);

/// What the command line asks for.
struct CommandLine {
    QString file;  ///< absolute; empty: none
    bool example = false;
    std::optional<int> exitCode;  ///< set: print `message` and leave
    QString message;
};

/// `arguments` with the program's name first. Needs no display.
CommandLine parseCommandLine(const QStringList& arguments);

/// Where the documentation's pages lie: installed, or in the source tree.
QString docsFolder();

/// Versions of the program, its libraries and the platform, one a line.
QString versionText();

}  // namespace espalier::gui
