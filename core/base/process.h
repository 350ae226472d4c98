// SPDX-License-Identifier: GPL-3.0-or-later
// How the running program sets itself up, and its version.
#pragma once

#include <string>

namespace espalier {

/// The program's version, as in "0.1.0".
std::string version();

/// Makes OpenMP wait passively, by running the program again with OMP_WAIT_POLICY=passive when it
/// is not set. With a spinning barrier and one busy core, a training step was measured ten times
/// slower. Call it in main() before anything has happened that may not happen twice. Does not
/// return when it runs the program again.
void ensurePassiveOpenMp(char** argv);

}  // namespace espalier
