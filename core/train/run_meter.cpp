// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/train/run_meter.h"

#include <algorithm>

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

/// The most that tensors have used on an accelerator ("cuda:0"); 0 for the CPU, and where LibTorch
/// (before 2.9) does not tell.
std::int64_t peakDeviceMemory(const std::string& device) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 9)
    const c10::Device place(device.empty() ? "cpu" : device);
    if (place.is_cpu()) return 0;
    try {
        constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
        const auto index = place.has_index() ? place.index() : c10::DeviceIndex{0};
        return at::accelerator::getDeviceStats(index).allocated_bytes[kAll].peak;
    } catch (const std::exception&) {
        return 0;  // the device tells nothing, or is lost
    }
#else
    (void)device;
    return 0;
#endif
}

}  // namespace

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
    m_figures.deviceBytes = peakDeviceMemory(m_device);
    if (m_steps == 0 || m_stepSeconds <= 0) return;
    m_figures.samplesPerSecond = static_cast<double>(m_samples) / m_stepSeconds;
    const double perStep = m_stepSeconds / static_cast<double>(m_steps);
    const double perValidation = m_validations == 0 ? 0 : m_validationSeconds / m_validations;
    m_figures.secondsLeft =
        perStep * static_cast<double>(m_stepsLeft) + perValidation * m_validationsLeft;
}

}  // namespace espalier::train
