// SPDX-License-Identifier: GPL-3.0-or-later
// The live probe's switch and its number of samples, in the menus and remembered.
#pragma once

namespace espalier::ui {
class Probe;
}

namespace espalier::gui {

class Actions;

void connectProbe(const Actions& actions, ui::Probe* probe);

}  // namespace espalier::gui
