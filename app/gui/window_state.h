// SPDX-License-Identifier: GPL-3.0-or-later
// What a window remembers from one run to the next.
#pragma once

#include <QSize>
#include <QString>

class QMainWindow;

namespace espalier::gui {

class Workspace;

inline constexpr QSize kDefaultWindowSize(1440, 900);

/// The default size in the first run, or less on a smaller screen.
void restoreWindow(QMainWindow& window, Workspace& workspace);
void saveWindow(const QMainWindow& window, const Workspace& workspace);

/// The file that a training left when the window closed: told of in the next run, once.
void rememberSavedTraining(const QString& path);
QString takeSavedTraining();

}  // namespace espalier::gui
