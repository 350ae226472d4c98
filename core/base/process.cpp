// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/process.h"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <unistd.h>

namespace espalier {

std::string version() {
    return ESPALIER_VERSION;
}

void ensurePassiveOpenMp(char** argv) {
    constexpr auto kPolicy = "OMP_WAIT_POLICY";
    if (std::getenv(kPolicy)) return;
    std::error_code failed;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
    if (failed) return;
    // libgomp reads its settings before main(): setting them here would be too late for this
    // process.
    setenv(kPolicy, "passive", 0);
    setenv("GOMP_SPINCOUNT", "0", 0);
    execv(program.c_str(), argv);
}

}  // namespace espalier
