// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/device_load.h"

#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include <dlfcn.h>

namespace espalier::train {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();

// From nvml.h, whose names and layouts are stable.
using Gpu = struct nvmlDevice_st*;
struct Utilization {
    unsigned gpu = 0;  // per cent
    unsigned memory = 0;
};
constexpr int kSuccess = 0;

std::optional<unsigned> numberIn(std::string_view text) {
    unsigned number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool isWhole = failed == std::errc() && end == text.data() + text.size();
    return isWhole ? std::optional(number) : std::nullopt;
}

/// Which of CUDA's devices "cuda" or "cuda:1" is.
std::optional<unsigned> indexOf(std::string_view device) {
    constexpr std::string_view kCuda = "cuda";
    if (!device.starts_with(kCuda)) return std::nullopt;
    device.remove_prefix(kCuda.size());
    if (device.empty()) return 0;
    return device.front() == ':' ? numberIn(device.substr(1)) : std::nullopt;
}

/// What CUDA_VISIBLE_DEVICES has at that place, a number or a UUID; the place where it is not set.
std::string visible(unsigned index) {
    const char* set = std::getenv("CUDA_VISIBLE_DEVICES");
    if (!set) return std::to_string(index);
    std::string_view list = set;
    for (; index > 0; --index) {
        const auto comma = list.find(',');
        if (comma == std::string_view::npos) return {};
        list.remove_prefix(comma + 1);
    }
    return std::string(list.substr(0, list.find(',')));
}

}  // namespace

struct DeviceLoad::Library {
    explicit Library(const std::string& name) : handle(::dlopen(name.c_str(), RTLD_NOW)) {
        find("nvmlInit_v2", init);
        find("nvmlShutdown", shutDown);
        find("nvmlDeviceGetHandleByIndex_v2", gpuAt);
        find("nvmlDeviceGetHandleByUUID", gpuCalled);
        find("nvmlDeviceGetUtilizationRates", utilization);
        const bool isWhole = init && shutDown && gpuAt && gpuCalled && utilization;
        isReady = isWhole && init() == kSuccess;
    }
    ~Library() {
        if (isReady) shutDown();
        if (handle) ::dlclose(handle);
    }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    template <class Function>
    void find(const char* name, Function*& function) const {
        if (handle) function = reinterpret_cast<Function*>(::dlsym(handle, name));
    }

    void* handle;
    int (*init)() = nullptr;
    int (*shutDown)() = nullptr;
    int (*gpuAt)(unsigned index, Gpu* gpu) = nullptr;
    int (*gpuCalled)(const char* uuid, Gpu* gpu) = nullptr;
    int (*utilization)(Gpu gpu, Utilization* rates) = nullptr;
    bool isReady = false;
};

DeviceLoad::DeviceLoad(std::string library) : m_name(std::move(library)) {}

DeviceLoad::~DeviceLoad() = default;

float DeviceLoad::of(const std::string& device) {
    const auto index = indexOf(device);
    if (!index) return kUnknown;
    if (!m_library) m_library = std::make_unique<Library>(m_name);
    if (!m_library->isReady) return kUnknown;
    const std::string place = visible(*index);
    const auto number = numberIn(place);
    Gpu gpu = nullptr;
    const int found =
        number ? m_library->gpuAt(*number, &gpu) : m_library->gpuCalled(place.c_str(), &gpu);
    Utilization rates;
    if (found != kSuccess || m_library->utilization(gpu, &rates) != kSuccess) return kUnknown;
    constexpr float kPercent = 100;
    return static_cast<float>(rates.gpu) / kPercent;
}

}  // namespace espalier::train
