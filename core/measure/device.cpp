// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>

#include <algorithm>

#include "core/base/format.h"
#include "core/measure/device_torch.h"
#include "core/measure/runtime.h"

namespace espalier::measure {
namespace {

/// The accelerators that this LibTorch can use on this machine. A driver that fails counts as none.
std::vector<c10::Device> accelerators() {
    std::vector<c10::Device> devices;
    try {
        const auto type = at::getAccelerator(false);
        if (!type) return devices;
        const auto count = at::globalContext().getAcceleratorHooksInterface(type).deviceCount();
        for (c10::DeviceIndex index = 0; index < count; ++index) devices.emplace_back(*type, index);
    } catch (const std::exception&) {
        devices.clear();
    }
    return devices;
}

}  // namespace

std::vector<std::string> deviceNames() {
    std::vector<std::string> names{"auto", "cpu"};
    for (const c10::Device& device : accelerators()) names.push_back(device.str());
    return names;
}

Result<c10::Device> findDevice(std::string_view name) {
    const std::vector<c10::Device> found = accelerators();
    if (name == "cpu" || (name == "auto" && found.empty())) return c10::Device(c10::kCPU);
    if (name == "auto") return found.front();
    for (const c10::Device& device : found) {
        const bool isFirst = device.index() == 0;
        if (device.str() == name || (isFirst && c10::DeviceTypeName(device.type(), true) == name))
            return device;
    }
    std::string offered;
    for (const std::string& each : deviceNames()) offered += cat(offered.empty() ? "" : ", ", each);
    return Error{Error::Kind::BadArgument, cat("Cannot use the device '", name, "'"),
                 "this machine and its LibTorch do not offer it", cat("Use one of: ", offered)};
}

std::string describe(c10::Device device) {
    return device.is_cpu() ? "CPU"
                           : cat(c10::DeviceTypeName(device.type()), " ", int{device.index()});
}

Result<void> checkDevice(std::string_view name) {
    const auto found = findDevice(name);
    return found ? Result<void>() : found.error();
}

}  // namespace espalier::measure
