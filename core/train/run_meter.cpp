// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/run_meter.h"

#include <algorithm>
#include <thread>

#include <ATen/DeviceAccelerator.h>
#include <sys/resource.h>
#include <torch/version.h>

namespace espalier::train {
namespace {

/// The most memory that this process has used so far; 0 where that is not known.
std::int64_t peakMemory() {
    rusage usage{};
    constexpr std::int64_t kKibi = 1024;
    return ::getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss * kKibi : 0;
}

struct DeviceMemory {
    std::int64_t peak = 0;   ///< the most that tensors have used
    std::int64_t total = 0;  ///< what there is
};

/// Of an accelerator ("cuda:0"); zeros for the CPU, and where LibTorch (before 2.13) does not tell.
DeviceMemory deviceMemory(const std::string& device) {
    DeviceMemory memory;
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 13)
    const c10::Device place(device.empty() ? "cpu" : device);
    if (place.is_cpu()) return memory;
    try {
        constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
        const auto index = place.has_index() ? place.index() : c10::DeviceIndex{0};
        memory.peak = at::accelerator::getDeviceStats(index).allocated_bytes[kAll].peak;
        memory.total = static_cast<std::int64_t>(at::accelerator::getMemoryInfo(index).second);
    } catch (const std::exception&) {
        // The device tells nothing, or is lost.
    }
#else
    (void)device;
#endif
    return memory;
}

/// That all threads of this process have spent so far.
double processorSeconds() {
    rusage usage{};
    if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    constexpr double kMicro = 1e-6;
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + kMicro * static_cast<double>(time.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

constexpr double kLoadSeconds = 2;  // that the shown load is the mean of

}  // namespace

RunMeter::RunMeter()
    : m_loadSince(std::chrono::steady_clock::now()), m_processorSeconds(processorSeconds()) {}

void RunMeter::expect(std::int64_t steps, int validations, std::string device) {
    m_stepsLeft = steps;
    m_validationsLeft = validations;
    m_device = std::move(device);
}

void RunMeter::stepDone(std::int64_t samples, double seconds) {
    ++m_steps;
    m_stepsLeft = std::max<std::int64_t>(0, m_stepsLeft - 1);
    m_samples += samples;
    m_stepSeconds += seconds;
    refresh();
}

void RunMeter::validationDone(double seconds) {
    ++m_validations;
    m_validationsLeft = std::max(0, m_validationsLeft - 1);
    m_validationSeconds += seconds;
    refresh();
}

void RunMeter::refresh() {
    m_figures.memoryBytes = peakMemory();
    const DeviceMemory device = deviceMemory(m_device);
    m_figures.deviceBytes = device.peak;
    m_figures.deviceTotal = device.total;
    refreshLoad();
    if (m_steps == 0 || m_stepSeconds <= 0) return;
    m_figures.samplesPerSecond = static_cast<double>(m_samples) / m_stepSeconds;
    const double perStep = m_stepSeconds / static_cast<double>(m_steps);
    const double perValidation = m_validations == 0 ? 0 : m_validationSeconds / m_validations;
    m_figures.secondsLeft =
        perStep * static_cast<double>(m_stepsLeft) + perValidation * m_validationsLeft;
}

void RunMeter::refreshLoad() {
    const auto now = std::chrono::steady_clock::now();
    const double passed = std::chrono::duration<double>(now - m_loadSince).count();
    if (passed < kLoadSeconds) return;
    const double spent = processorSeconds();
    const double cores = std::max(1u, std::thread::hardware_concurrency());
    m_figures.processorLoad =
        static_cast<float>(std::clamp((spent - m_processorSeconds) / (passed * cores), 0.0, 1.0));
    m_figures.deviceLoad = m_deviceLoad.of(m_device);
    m_loadSince = now;
    m_processorSeconds = spent;
}

}  // namespace espalier::train
