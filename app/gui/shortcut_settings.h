// SPDX-License-Identifier: GPL-3.0-or-later
// The keys that the user chose for actions: edited in a dialog, kept in the settings.
#pragma once

class QWidget;

namespace espalier::ui {
class StartPage;
}

namespace espalier::gui {

class Actions;

/// Gives the actions the keys that were chosen in earlier runs, and wires the dialog that stands
/// over `window`. What the settings hold twice or wrong is left as the program came.
void connectShortcuts(Actions& actions, ui::StartPage* start, QWidget* window);

}  // namespace espalier::gui
