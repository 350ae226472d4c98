// SPDX-License-Identifier: GPL-3.0-or-later
// How busy an NVIDIA GPU is, as its driver's management library (NVML) tells.
#pragma once

#include <memory>
#include <string>

namespace espalier::train {

/// The library comes with the driver and is opened when it is first needed; without it nothing is
/// known. Not thread-safe: one for each run.
class DeviceLoad {
public:
    /// `library`: as dlopen takes it.
    explicit DeviceLoad(std::string library = "libnvidia-ml.so.1");
    ~DeviceLoad();
    DeviceLoad(const DeviceLoad&) = delete;
    DeviceLoad& operator=(const DeviceLoad&) = delete;

    /// Share, 0..1, of the last moment (a sixth of a second to one, as the driver likes) in which
    /// `device` ("cuda:1") had something to do, for this process or others. NaN where that is not
    /// known: another kind of device, no library, or a driver that refuses. GPUs are counted as
    /// CUDA_VISIBLE_DEVICES lists them, else in the driver's order.
    float of(const std::string& device);

private:
    struct Library;

    std::string m_name;
    std::unique_ptr<Library> m_library;  // null: not needed so far
};

}  // namespace espalier::train
