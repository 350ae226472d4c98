// SPDX-License-Identifier: GPL-3.0-or-later
// How a run that did not come to its end is gone on with.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.h"

namespace espalier::project {

/// Whether `device`, as recipes name it, may be something other than the CPU here.
bool mayBeAccelerator(const std::string& device);

/// The options of `tune` that continue the run whose checkpoint is in `folder`: "--resume run", and
/// "--device cpu" after it when an accelerator may be what `reason` is about. `device`: the
/// recipe's.
std::string resumeOptions(const std::filesystem::path& folder, const std::string& device,
                          const Error& reason);

}  // namespace espalier::project
