// SPDX-License-Identifier: GPL-3.0-or-later
// Runs that something below ended: a device that was lost, data that can no longer be read.
#pragma once

#include <exception>

#include "core/base/result.h"

namespace espalier::train {

/// What `failure`, thrown after the first step, is to whoever reads it.
Error brokenOff(const std::exception& failure);
/// Whether that is one of those: the run would go on from its checkpoint, elsewhere perhaps. One
/// that was given up for its loss would come to the same end.
bool isBrokenOff(const Error& error);

}  // namespace espalier::train
