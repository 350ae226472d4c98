// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/window_state.h"

#include <QMainWindow>
#include <QScreen>
#include <QSettings>
#include <QStyle>

#include "app/gui/workspace.h"
#include "ui/panels/sensitivity_panel.h"

namespace espalier::gui {
namespace {

const QString kGeometryKey = QStringLiteral("window/geometry");
const QString kLayoutKey = QStringLiteral("window/layout");
const QString kScanSamplesKey = QStringLiteral("sensitivity/samples");
const QString kSavedTrainingKey = QStringLiteral("training/savedOnClose");

/// The default size, as far as the screen has room for it and for the window's title.
QSize firstSize(const QMainWindow& window) {
    const QSize title(0, window.style()->pixelMetric(QStyle::PM_TitleBarHeight));
    return kDefaultWindowSize.boundedTo(window.screen()->availableSize() - title);
}

/// Of a scan, as an earlier run had them.
void keepSamples(ui::SensitivityPanel* panel) {
    panel->setSamples(QSettings().value(kScanSamplesKey).toInt());
    QObject::connect(panel, &ui::SensitivityPanel::samplesChanged, panel,
                     [](int samples) { QSettings().setValue(kScanSamplesKey, samples); });
}

}  // namespace

void restoreWindow(QMainWindow& window, Workspace& workspace) {
    const QSettings settings;
    window.resize(firstSize(window));
    window.restoreGeometry(settings.value(kGeometryKey).toByteArray());
    workspace.restoreLayout(settings.value(kLayoutKey).toByteArray());
    keepSamples(workspace.sensitivity());
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
