// SPDX-License-Identifier: GPL-3.0-or-later
// Settings of the torch runtime that every thread running torch needs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace espalier::measure {

/// Sets threads (0: all cores), flushes denormals. Call once in each worker thread before its first
/// torch call.
void setUpTorchThread(int threads);

/// Names that `device` options accept here: "auto", "cpu", then each accelerator.
std::vector<std::string> deviceNames();

/// Whether there is such a device here. Errors: BadArgument, listing what there is.
Result<void> checkDevice(std::string_view name);

/// While one of these lives, freed memory stays with the process for the next step's tensors; it is
/// given back when the last one goes. For loops that allocate the same tensors again and again.
/// Without it, glibc maps and unmaps them in every step: a training step of LeNet-5 at batch 128
/// took 30 ms of processor time, or 32 to 45 ms from one run to the next.
class KeepFreedMemory {
public:
    KeepFreedMemory();
    ~KeepFreedMemory();
    KeepFreedMemory(const KeepFreedMemory&) = delete;
    KeepFreedMemory& operator=(const KeepFreedMemory&) = delete;
};

}  // namespace espalier::measure
