// SPDX-License-Identifier: GPL-3.0-or-later
// Which program on which machine a report was made by.
#include <sys/utsname.h>

#include <ctime>
#include <fstream>
#include <thread>

#include <ATen/Parallel.h>
#include <torch/version.h>

#include "core/base/format.h"
#include "core/base/process.h"
#include "core/exchange/reports.h"

namespace espalier::exchange {

namespace {

std::string systemName() {
    utsname names{};
    if (uname(&names) != 0) return {};
    return cat(names.sysname, " ", names.release, " ", names.machine);
}

/// As the system calls it; empty where it does not say.
std::string processorName() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("model name")) continue;
        const auto colon = line.find(": ");
        return colon == std::string::npos ? std::string() : line.substr(colon + 2);
    }
    return {};
}

std::string now() {
    const std::time_t time = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[32];
    const auto length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
    return {text, length};
}

}  // namespace

Environment environmentOf(const std::string& device) {
    Environment here;
    here.program = "Espalier " + version();
    here.torch = "LibTorch " TORCH_VERSION;
    here.system = systemName();
    here.processor = processorName();
    here.cores = static_cast<int>(std::thread::hardware_concurrency());
    here.threads = at::get_num_threads();
    here.device = device;
    here.time = now();
    return here;
}

}  // namespace espalier::exchange
