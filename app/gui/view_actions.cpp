// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/view_actions.h"

#include <utility>

#include <QDockWidget>

#include "app/gui/actions.h"
#include "app/gui/application.h"
#include "app/gui/window_state.h"
#include "app/gui/workspace.h"
#include "core/base/log.h"
#include "ui/dialogs/about_dialog.h"
#include "ui/dialogs/dialogs.h"
#include "ui/dialogs/help_window.h"

namespace espalier::gui {
namespace {

/// What lies behind another tab comes to the front first, and takes the keyboard; only what is seen
/// is hidden.
void connectDock(QAction* action, QDockWidget* dock, Workspace* workspace) {
    QObject::connect(dock->toggleViewAction(), &QAction::toggled, action, &QAction::setChecked);
    action->setChecked(dock->toggleViewAction()->isChecked());
    QObject::connect(action, &QAction::triggered, workspace, [=](bool checked) {
        const QString id = action->objectName();
        if (!checked && workspace->isInFront(id)) return dock->hide();
        workspace->showDock(id);
        workspace->focusDock(id);
        action->setChecked(true);
    });
}

}  // namespace

void connectViews(const Actions& actions, Workspace* workspace) {
    for (const ActionSpec& spec : actionTable()) {
        const QString id = QString::fromLatin1(spec.id);
        if (QDockWidget* dock = workspace->dock(id)) connectDock(actions[spec.id], dock, workspace);
        if (workspace->hasTab(id)) {
            QObject::connect(actions[spec.id], &QAction::triggered, workspace,
                             [=] { workspace->showTab(id); });
        }
    }
    const std::pair<const char*, Workspace::Layout> layouts[] = {
        {"view.layout_explore", Workspace::Layout::Explore},
        {"view.layout_tune", Workspace::Layout::Tune},
        {"view.layout_compare", Workspace::Layout::Compare}};
    for (const auto& [id, layout] : layouts) {
        QObject::connect(actions[id], &QAction::triggered, workspace,
                         [=, layout = layout] { workspace->applyLayout(layout); });
    }
    QObject::connect(actions["view.layout_reset"], &QAction::triggered, workspace, [=] {
        workspace->window()->resize(kDefaultWindowSize);
        workspace->applyLayout(Workspace::Layout::Explore);
    });
    QObject::connect(actions["view.next_panel"], &QAction::triggered, workspace,
                     [=] { workspace->focusNextPanel(1); });
    QObject::connect(actions["view.previous_panel"], &QAction::triggered, workspace,
                     [=] { workspace->focusNextPanel(-1); });
    QObject::connect(actions["view.filter"], &QAction::triggered, workspace,
                     &Workspace::focusFilter);
    QObject::connect(actions["view.zoom_reset"], &QAction::triggered, workspace,
                     &Workspace::resetZoom);
}

void connectThemes(const Actions& actions) {
    const std::pair<const char*, style::ThemeMode> themes[] = {
        {"view.theme_system", style::ThemeMode::System},
        {"view.theme_light", style::ThemeMode::Light},
        {"view.theme_dark", style::ThemeMode::Dark}};
    for (const auto& [id, mode] : themes) {
        actions[id]->setChecked(mode == storedTheme());
        QObject::connect(actions[id], &QAction::triggered, actions[id],
                         [mode = mode] { setTheme(mode); });
    }
}

void connectHelp(const Actions& actions, QWidget* window) {
    QObject::connect(actions["help.shortcuts"], &QAction::triggered, window, [&actions, window] {
        ui::ShortcutsDialog dialog(actions.shortcuts(), window);
        ui::dialogs::run(dialog);
    });
    QObject::connect(actions["help.documentation"], &QAction::triggered, window, [=] {
        auto* help = window->findChild<ui::HelpWindow*>();
        if (!help) help = new ui::HelpWindow(docsFolder(), window);
        help->show();
        help->raise();
        help->activateWindow();
    });
    QObject::connect(actions["help.about"], &QAction::triggered, window, [=] {
        ui::AboutDialog dialog(versionText(), window);
        ui::dialogs::run(dialog);
    });
    QObject::connect(actions["help.log_file"], &QAction::triggered, window,
                     [] { ui::dialogs::openExternally(QString::fromStdString(logFilePath())); });
}

}  // namespace espalier::gui
