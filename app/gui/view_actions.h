// SPDX-License-Identifier: GPL-3.0-or-later
// Wires the View menu to panels, tabs, layouts and themes.
#pragma once

namespace espalier::gui {

class Actions;
class Workspace;

void connectViews(const Actions& actions, Workspace* workspace);
void connectThemes(const Actions& actions);

}  // namespace espalier::gui
