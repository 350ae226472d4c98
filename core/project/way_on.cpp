// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/project/way_on.h"

#include "core/base/format.h"
#include "core/measure/runtime.h"
#include "core/train/broken_off.h"

namespace espalier::project {

bool mayBeAccelerator(const std::string& device) {
    constexpr std::size_t kWithoutAny = 2;  // auto, cpu
    if (device == "auto") return measure::deviceNames().size() > kWithoutAny;
    return device != "cpu";
}

std::string resumeOptions(const std::filesystem::path& folder, const std::string& device,
                          const Error& reason) {
    const bool mayBeLost = train::isBrokenOff(reason) && mayBeAccelerator(device);
    return cat("--resume ", folder.string(), mayBeLost ? " --device cpu" : "");
}

}  // namespace espalier::project
