// SPDX-License-Identifier: GPL-3.0-or-later
// Which task each command starts, and when it can be.
#pragma once

#include "app/gui/actions.h"

namespace espalier::ui {
class Workbench;
}

namespace espalier::gui {

class Tasks;

void connectCommands(const Actions& actions, Tasks* tasks);

enum class Opening { Done, UnderWay };

/// The needs that are met as things are now.
Met metNeeds(const ui::Workbench& workbench, Opening opening);

}  // namespace espalier::gui
