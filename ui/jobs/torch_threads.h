// SPDX-License-Identifier: GPL-3.0-or-later
// How many threads the window's jobs compute with.
#pragma once

namespace espalier::ui {

/// Of each job. The numbers of a training depend on it: a command that is to do the same needs it.
int torchThreads();

}  // namespace espalier::ui
