// SPDX-License-Identifier: GPL-3.0-or-later
// A line in the log for each thing that is done; what is told in a message is logged with that.
#pragma once

namespace espalier::ui {
class Workbench;
}

namespace espalier::gui {

/// Opening, data, every edit with its undo and redo, and trainings, from now on.
void logActivity(ui::Workbench* workbench);

}  // namespace espalier::gui
