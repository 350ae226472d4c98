// SPDX-License-Identifier: GPL-3.0-or-later
// Settings of the torch runtime that every thread running torch needs.
#pragma once

#include <string>
#include <vector>

namespace espalier::measure {

/// Sets threads (0: all cores), flushes denormals. Call once in each worker thread before its first
/// torch call.
void setUpTorchThread(int threads);

/// Names that `device` options accept here: "auto", "cpu", then each accelerator.
std::vector<std::string> deviceNames();

}  // namespace espalier::measure
