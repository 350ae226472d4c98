// SPDX-License-Identifier: GPL-3.0-or-later
// Seconds in words. (`duration` in format.h is the clock of a task that runs.)
#pragma once

#include <string>

namespace espalier {

/// A time that something took or will take: "0.84 s", "42 s", "9 min 20 s", "2 h 5 min"; a dash
/// for what is negative or no number.
std::string timeText(double seconds);

}  // namespace espalier
