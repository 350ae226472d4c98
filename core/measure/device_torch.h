// SPDX-License-Identifier: GPL-3.0-or-later
// Devices by name, and the thread-local settings every torch job starts with.
#pragma once

#include <string>
#include <string_view>

#include <c10/core/Device.h>

#include "core/base/result.h"

namespace espalier::measure {

/// "auto" (an accelerator when there is one), "cpu", "cuda", "cuda:1" … Errors: BadArgument,
/// listing what there is.
Result<c10::Device> findDevice(std::string_view name);

/// "cpu", "NVIDIA …": for people.
std::string describe(c10::Device device);

}  // namespace espalier::measure
