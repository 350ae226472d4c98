// SPDX-License-Identifier: GPL-3.0-or-later
// A report of what the window shows.
#pragma once

#include <filesystem>

namespace espalier::ui {

class Workbench;

/// Writes the plan on the weights that are shown, proved where channels go, with everything that
/// was measured of the model so far: a page with its JSON beside it, or JSON alone where `target`
/// ends in .json. The workbench tells how it went. Needs a model.
void exportReport(Workbench& workbench, const std::filesystem::path& target);

}  // namespace espalier::ui
