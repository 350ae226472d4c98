// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/window_state.h"

#include <QMainWindow>
#include <QSettings>

#include "app/gui/workspace.h"

namespace espalier::gui {
namespace {

const QString kGeometryKey = QStringLiteral("window/geometry");
const QString kLayoutKey = QStringLiteral("window/layout");
const QString kSavedTrainingKey = QStringLiteral("training/savedOnClose");

}  // namespace

void restoreWindow(QMainWindow& window, Workspace& workspace) {
    const QSettings settings;
    window.resize(kDefaultWindowSize);
    window.restoreGeometry(settings.value(kGeometryKey).toByteArray());
    workspace.restoreLayout(settings.value(kLayoutKey).toByteArray());
}

void saveWindow(const QMainWindow& window, const Workspace& workspace) {
    QSettings settings;
    settings.setValue(kGeometryKey, window.saveGeometry());
    settings.setValue(kLayoutKey, workspace.layoutState());
}

void rememberSavedTraining(const QString& path) {
    QSettings().setValue(kSavedTrainingKey, path);
}

QString takeSavedTraining() {
    QSettings settings;
    const QString path = settings.value(kSavedTrainingKey).toString();
    settings.remove(kSavedTrainingKey);
    return path;
}

}  // namespace espalier::gui
