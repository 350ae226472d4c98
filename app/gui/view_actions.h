// SPDX-License-Identifier: GPL-3.0-or-later
// Wires the View menu to panels, tabs, layouts and themes, and the Help menu to its dialogs.
#pragma once

class QWidget;

namespace espalier::gui {

class Actions;
class Workspace;

void connectViews(const Actions& actions, Workspace* workspace);
void connectThemes(const Actions& actions);
/// Dialogs stand over `window`.
void connectHelp(const Actions& actions, QWidget* window);

}  // namespace espalier::gui
